// `firstcome dead-letters …`: operators' calls about records that could not be handled. Each may be
// repeated: what was re-driven or discarded stays as it is.

import type { ServiceAnswer } from '../../client/service-client.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { countsText, letterListText, letterText } from './dead-letter-text.ts'
import { answerTo, failureOf, pagePath, runCall, type TimedCallOptions } from './service-command.ts'
import { zoneOf } from './zones.ts'

export type ListOptions = TimedCallOptions & {
  status?: string
  consumer?: string
  limit?: number
  after?: string
}
export type LetterOptions = TimedCallOptions & { id: string }
export type AskedRedrive = TimedCallOptions & { ids?: string[]; all?: boolean; consumer?: string }
type RedriveOptions = AskedRedrive & DiscardOptions
export type DiscardOptions = TimedCallOptions & { ids: string[] }

/** As many as one call takes. */
export const idsPerCallMax = 100

export function runList(options: ListOptions, context: Context): Promise<ExitCode> {
  const { status, consumer, limit, after } = options
  const path = pagePath(lettersPath, { status, consumer, limit, after })
  const done = ({ body }: ServiceAnswer) => letterListText(body, zoneOf(options))
  return runCall(
    { call: { method: 'GET', path }, asOperator: true, again: '', done },
    options,
    context,
  )
}

export function runShow(options: LetterOptions, context: Context): Promise<ExitCode> {
  const call = { method: 'GET', path: letterPath(options.id) } as const
  return runCall({ call, asOperator: true, again: '', done: letterOf(options) }, options, context)
}

/** One by its own call, which says best why it is refused; several are counted. */
export async function runRedrive(asked: AskedRedrive, context: Context): Promise<ExitCode> {
  const { ids = [] } = asked
  const options = { ...asked, ids }
  checkRedrive(options)
  const [id] = ids
  if (id === undefined || ids.length > 1) return redriveMany(options, context)
  return act({ verb: 'redrive', id }, options, context)
}

/** Every letter there is must be meant, never an empty list that a script came up with. */
function checkRedrive({ ids, all = false, consumer }: RedriveOptions): void {
  const wrong = (message: string) => new CommandError(exitCodes.wrongUsage, message)
  if (ids.length === 0 && !all) throw wrong('name the dead letters to re-drive, or give --all')
  if (ids.length > 0 && all) throw wrong('either name the dead letters, or give --all')
  if (consumer !== undefined && !all) throw wrong('--consumer goes with --all')
}

/** One after the other; ends with the first exit code that is not 0. */
export async function runDiscard(options: DiscardOptions, context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  for (const id of options.ids) {
    const done = await act({ verb: 'discard', id }, options, context)
    if (exitCode === exitCodes.ok) exitCode = done
    if (done === exitCodes.unreachable) break
  }
  return exitCode
}

const lettersPath = '/dead-letters'

type Act = { verb: 'redrive' | 'discard'; id: string }

function act({ verb, id }: Act, options: TimedCallOptions, context: Context): Promise<ExitCode> {
  const call = { method: 'POST', path: `${letterPath(id)}/${verb}` } as const
  const again = `firstcome dead-letters show ${id}`
  return runCall({ call, again, done: letterOf(options) }, options, context)
}

/** In as many calls as it takes; for all, each goes on behind the last letter of the one before. */
async function redriveMany(options: RedriveOptions, context: Context): Promise<ExitCode> {
  const { ids, consumer } = options
  const counts: Counts = {}
  let at = 0
  let after: string | undefined
  do {
    const some = { ids: ids.slice(at, at + idsPerCallMax) }
    const body = ids.length > 0 ? some : { consumer, after }
    const { failed, next } = await redriveSome({ body, counts }, options, context)
    if (failed !== null) return failed
    after = next
    at += idsPerCallMax
  } while (after !== undefined || at < ids.length)
  const { discarded = 0, notRedrivable = 0, unknown = 0 } = counts
  const refused = ids.length > 0 ? discarded + notRedrivable + unknown : 0
  return showCounts({ counts, refused }, options, context)
}

type Counts = Record<string, number>
type Some = { body: object; counts: Counts }

/** Adds to `counts`; on a failure it says how many there were before. */
async function redriveSome(
  { body, counts }: Some,
  options: RedriveOptions,
  context: Context,
): Promise<{ failed: ExitCode | null; next?: string }> {
  const call = { method: 'POST', path: `${lettersPath}/redrive`, body } as const
  const asked = { call, again: againOf(options) }
  const answer = await answerTo(asked, options, context)
  const isCounted = typeof answer.body.redriven === 'number'
  const failed = isCounted ? null : failureOf(answer, { asked, options }, context)
  if (failed !== null) {
    if (Object.keys(counts).length > 0) context.err(`Before that: ${countsText(counts)}`)
    if (options.json === true) context.out(`${JSON.stringify(answer.body)}\n`)
    return { failed }
  }
  for (const [name, count] of Object.entries(answer.body)) {
    if (typeof count === 'number') counts[name] = (counts[name] ?? 0) + count
  }
  const { next } = answer.body
  return { failed, ...(typeof next === 'string' ? { next } : {}) }
}

function showCounts(
  { counts, refused }: { counts: Counts; refused: number },
  options: RedriveOptions,
  { out, err }: Context,
): ExitCode {
  out(options.json === true ? `${JSON.stringify(counts)}\n` : countsText(counts))
  if ((counts.pending ?? 0) > 0) {
    err(`The service has not decided all of them in time. To go on: ${againOf(options)}\n`)
    return exitCodes.unreachable
  }
  return refused > 0 ? exitCodes.failed : exitCodes.ok
}

/** Asking again changes nothing about those that were re-driven. */
function againOf({ ids, consumer }: RedriveOptions): string {
  const which = consumer === undefined ? '--all' : `--all --consumer ${consumer}`
  return `firstcome dead-letters redrive ${ids.length > 0 ? ids.join(' ') : which}`
}

function letterPath(id: string): string {
  return `${lettersPath}/${encodeURIComponent(id)}`
}

function letterOf(options: TimedCallOptions): (answer: ServiceAnswer) => string {
  return ({ body }) => letterText(body, zoneOf(options))
}
