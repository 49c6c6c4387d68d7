// What operators do to a coupon, which can be looked at before it is done: what would change, and
// how many people it touches. What is done for good is shown and asked about first, and is done on
// the state that was shown, or not at all; an edit on that of a moment before. With --yes neither
// is looked at first.

import { CommandError, type Context, type ExitCode, exitCodes } from '../../context.ts'
import { askPerson } from '../ask-person.ts'
import {
  answerTo,
  failureOf,
  pagePath,
  runCall,
  type ShownCall,
  type TimedCallOptions,
} from '../service-command.ts'
import { zoneOf } from '../zones.ts'
import { previewText } from './coupon-text.ts'

export type ActOptions = TimedCallOptions & {
  id: string
  preview?: boolean
  yes?: boolean
  reason?: string
}
/**
 * `people`: what is said behind the number of those whom it touches. `asks`: it is done on the
 * state that was looked at before, and where it is for good, only if somebody says yes.
 */
export type Act = ShownCall & { people: string; asks?: 'nothing' | 'the state' | 'a person' }

export async function runAct(act: Act, options: ActOptions, context: Context): Promise<ExitCode> {
  const { asks = 'nothing' } = act
  const { id, preview = false, yes = false } = options
  if (preview) return runCall(previewOf(act, options), options, context)
  if (asks === 'nothing' || yes) return runCall(act, options, context)
  const shown = previewOf(act, options)
  const answer = await answerTo(shown, options, context)
  const failed = failureOf(answer, { asked: shown, options }, context)
  if (failed !== null) {
    if (options.json === true) context.out(`${JSON.stringify(answer.body)}\n`)
    return failed
  }
  if (asks === 'a person') {
    context.err(shown.done(answer))
    await confirm(id)
  }
  const expecting = { ...act, call: { ...act.call, ifMatch: answer.etag } }
  return runCall(expecting, options, context)
}

function previewOf({ call, people }: Act, options: ActOptions): ShownCall {
  return {
    call: { ...call, path: pagePath(call.path, { preview: 'true' }) },
    changesNothing: true,
    again: `firstcome coupon show ${options.id}`,
    done: ({ body }) => previewText(body, { people, zone: zoneOf(options) }),
  }
}

/** Throws where nobody says yes. */
async function confirm(id: string): Promise<void> {
  const neverAborted = new AbortController().signal
  if (await askPerson(`What is done to ${id} now is for good`, neverAborted)) return
  const message = 'nothing was done: nobody said yes to it. Scripts say so with --yes'
  throw new CommandError(exitCodes.wrongUsage, message)
}
