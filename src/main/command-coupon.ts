// `firstcome coupon …`: operators' calls on a running service. Nothing is retried: where the
// outcome is unknown, the message says how to ask again without doing it twice.

import { randomUUID } from 'node:crypto'
import type { Discount } from '../domain/coupons/messages.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from './command-context.ts'
import { couponText, problemText } from './coupon-text.ts'
import { operatorToken, serviceUrl } from './service-address.ts'
import { callService, problemOf, type ServiceAnswer, ServiceError } from './service-client.ts'

export type CallOptions = { url?: string; token?: string; json?: boolean }
export type CreateOptions = CallOptions & {
  id?: string
  name: string
  quantity: number
  opensAt?: string
  closesAt?: string
  discount?: Discount
}
export type ShowOptions = CallOptions & { id: string }
export type RestockOptions = ShowOptions & { add: number; key?: string }
export type SwitchVerb = 'pause' | 'resume' | 'close'

export async function runCreate(options: CreateOptions, context: Context): Promise<ExitCode> {
  const { id, name, quantity, opensAt, closesAt, discount } = options
  // Named here, not by the service, so that a lost answer can be asked for.
  const couponId = id ?? `coupon-${randomUUID().slice(0, 8)}`
  const body = { couponId, name, quantity, opensAt, closesAt, discount }
  const call = { method: 'POST', path: '/coupons', body } as const
  const again = `firstcome coupon show ${couponId}`
  return ask({ call, again, done: createdText }, options, context)
}

/** Open to anyone: sends a token only where one is given. */
export async function runShow(options: ShowOptions, context: Context): Promise<ExitCode> {
  const call = { method: 'GET', path: couponPath(options.id) } as const
  const again = `firstcome coupon show ${options.id}`
  return ask({ call, again, done: couponOf }, options, context)
}

export async function runRestock(options: RestockOptions, context: Context): Promise<ExitCode> {
  const { id, add, key = randomUUID() } = options
  const call = {
    method: 'POST',
    path: `${couponPath(id)}/restock`,
    body: { add },
    headers: { 'idempotency-key': key },
  } as const
  const again = `firstcome coupon restock ${id} --add ${add} --key ${key}`
  const done = (answer: ServiceAnswer) => `Restocked by ${add}.\n${couponOf(answer)}`
  return ask({ call, again, done }, options, context)
}

/** Pause, resume and close: doing one twice is the same as doing it once. */
export async function runSwitch(
  verb: SwitchVerb,
  options: ShowOptions,
  context: Context,
): Promise<ExitCode> {
  const call = { method: 'POST', path: `${couponPath(options.id)}/${verb}` } as const
  const again = `firstcome coupon ${verb} ${options.id}`
  const done = (answer: ServiceAnswer) => `${switchDone[verb]}\n${couponOf(answer)}`
  return ask({ call, again, done }, options, context)
}

const switchDone = {
  pause: 'Paused: claims are refused until it is resumed.',
  resume: 'Resumed.',
  close: 'Closed for good.',
} as const

type Asked = {
  call: {
    method: 'GET' | 'POST'
    path: string
    body?: object
    headers?: Readonly<Record<string, string>>
  }
  /** The command that finds out, where no answer came. */
  again: string
  done: (answer: ServiceAnswer) => string
}

async function ask(asked: Asked, options: CallOptions, context: Context): Promise<ExitCode> {
  const { settings, out, err } = context
  const { call, again } = asked
  const url = serviceUrl(settings, options.url)
  const token =
    call.method === 'GET' ? options.token : operatorToken(settings, Date.now(), options.token)
  const unknown = call.method === 'GET' ? '' : `${unknownEffect} ${again}\n`
  const stopListening = onInterrupt(() => err(`\nInterrupted.\n${unknown}`))
  let answer: ServiceAnswer
  try {
    answer = await callService({ ...call, url, ...(token === undefined ? {} : { token }) })
  } catch (error) {
    throw error instanceof ServiceError ? unreachable(error, unknown) : error
  } finally {
    stopListening()
  }

  if (options.json === true) out(`${JSON.stringify(answer.body)}\n`)
  const problem = problemOf(answer)
  if (problem !== null) {
    if (options.json !== true) err(problemText(answer.status, problem))
    const signedHere = options.token === undefined && token !== undefined
    if (answer.status === 401 && signedHere) err(strangerHint(url, settings.dataDirectory))
    return answer.status >= 502 && answer.status <= 504 ? exitCodes.unreachable : exitCodes.failed
  }
  if (answer.status === 202) {
    err(`The service has not decided in time. To find out: ${again}\n`)
    return exitCodes.unreachable
  }
  if (options.json !== true) out(asked.done(answer))
  return exitCodes.ok
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

function unreachable(error: ServiceError, unknown: string): CommandError {
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

function couponPath(id: string): string {
  return `/coupons/${encodeURIComponent(id)}`
}

function createdText(answer: ServiceAnswer): string {
  const first = answer.status === 201 ? 'Created.' : 'It was there already, with the same terms.'
  return `${first}\n${couponOf(answer)}`
}

function couponOf(answer: ServiceAnswer): string {
  return couponText(answer.body)
}
