// One call of an operator on a running service, from the command line: who signs it, what is said
// where no answer comes or a refusal does, and the exit code. Nothing is retried.

import {
  callService,
  problemOf,
  type ServiceAnswer,
  type ServiceCall,
  ServiceError,
} from '../../client/service-client.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { problemText } from './coupons/coupon-text.ts'
import { operatorToken, serviceUrl } from './service-address.ts'

/** Longer than a service takes for any call: SQL has 30 s, and a hundred re-drives take 25. */
export const callMsMax = 40_000

export type CallOptions = { url?: string; token?: string; json?: boolean }
/** `zone`: in which times are shown and typed; absent: that of this machine. */
export type TimedCallOptions = CallOptions & { zone?: string }
export type OperatorCall = {
  call: Pick<ServiceCall, 'method' | 'path' | 'body' | 'idempotencyKey' | 'ifMatch'>
  /** A GET that is for operators only; every other call is. */
  asOperator?: boolean
  /** Though it is no GET. */
  changesNothing?: boolean
  /** How long a token that is made here is good. */
  seconds?: number
  /** The command that finds out, where no answer came. */
  again: string
}
export type ShownCall = OperatorCall & { done: (answer: ServiceAnswer) => string }

/** With what is given of a query. */
export function pagePath(path: string, given: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size > 0 ? `${path}?${query.toString()}` : path
}

/** Asks, and shows what came of it. */
export async function runCall(
  asked: ShownCall,
  options: CallOptions,
  context: Context,
): Promise<ExitCode> {
  const answer = await answerTo(asked, options, context)
  if (options.json === true) context.out(`${JSON.stringify(answer.body)}\n`)
  const failed = failureOf(answer, { asked, options }, context)
  if (failed !== null) return failed
  if (options.json !== true) context.out(asked.done(answer))
  return exitCodes.ok
}

/** Throws a CommandError where there is no answer. */
export async function answerTo(
  { call, again, changesNothing, seconds, asOperator = call.method !== 'GET' }: OperatorCall,
  options: CallOptions,
  { settings, err }: Context,
): Promise<ServiceAnswer> {
  const url = serviceUrl(settings, options.url)
  const token = asOperator ? tokenOf({ ...options, seconds }, settings) : options.token
  const isHarmless = changesNothing ?? call.method === 'GET'
  const unknown = isHarmless ? '' : `${unknownEffect} ${again}\n`
  const stopListening = onInterrupt(() => err(`\nInterrupted.\n${unknown}`))
  try {
    return await callService({ ...call, url, token, deadlineMs: callMsMax })
  } catch (error) {
    throw error instanceof ServiceError ? unreachable(error, unknown) : error
  } finally {
    stopListening()
  }
}

/** The one that was given, or one made here. */
export function tokenOf(
  options: Pick<CallOptions, 'token'> & { seconds?: number | undefined },
  settings: Context['settings'],
): string {
  return operatorToken(settings, Date.now(), options)
}

/** Says why the answer is not what was asked for; null where it is. */
export function failureOf(
  answer: ServiceAnswer,
  { asked, options }: { asked: OperatorCall; options: CallOptions },
  { settings, err }: Context,
): ExitCode | null {
  const problem = problemOf(answer)
  if (problem !== null) {
    if (options.json !== true) err(problemText(answer.status, problem))
    const { asOperator = asked.call.method !== 'GET' } = asked
    const signedHere = options.token === undefined && asOperator
    if (answer.status === 401 && signedHere) {
      err(strangerHint(serviceUrl(settings, options.url), settings.dataDirectory))
    }
    return answer.status >= 502 && answer.status <= 504 ? exitCodes.unreachable : exitCodes.failed
  }
  if (answer.status !== 202) return null
  err(`The service has not decided in time. To find out: ${asked.again}\n`)
  return exitCodes.unreachable
}

const unknownEffect = 'Whether it was carried out is not known. To find out:'

/** Ends by the signal itself, as shells expect, once `tell` has spoken. */
function onInterrupt(tell: () => void): () => void {
  function interrupted(): void {
    tell()
    process.kill(process.pid, 'SIGINT')
  }
  process.once('SIGINT', interrupted)
  return () => process.off('SIGINT', interrupted)
}

/** What a command ends with that was not answered. `unknown`: what is said of its effect. */
export function unreachable(error: ServiceError, unknown: string): CommandError {
  const start = 'Is it running? Start it with `npx firstcome start`, or say where it is with --url.'
  const hint = error.effect === 'none' ? start : unknown
  const message = `${error.message}\n${hint}`.trimEnd()
  return new CommandError(exitCodes.unreachable, message, { cause: error })
}

function strangerHint(url: string, dataDirectory: string): string {
  return (
    `The token was signed with the secret of ${dataDirectory}, which ${url} does not take.\n` +
    'Say whose service it is with --data, or give a token of its own with --token.\n'
  )
}
