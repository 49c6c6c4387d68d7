// Problem details (RFC 9457): the one table from refusals to problems, and how they are sent, in
// the language of whoever asks. Refusals are sent from bodies made at start, never thrown.

import type { FastifyInstance, FastifyReply } from 'fastify'
import { Counter, type Registry } from 'prom-client'
import type { ControlOutcome } from '../../../domain/coupons/decide.ts'
import type { ControlMessage } from '../../../domain/coupons/messages.ts'
import {
  type ClaimAnswer,
  type Unavailable,
  unavailableReasons,
} from '../../claims/claim-answers.ts'
import type {
  CommandOutcome,
  FoundOrder,
  OrderCommand,
  PlaceAnswer,
  ReturnAnswer,
} from '../../orders/order-answers.ts'
import type { FieldError } from '../validation.ts'
import { type Language, languageOf, type Said } from './languages.ts'
import { type ProblemSlug, problems } from './problem-texts.ts'
import { koreanProblems } from './problem-texts-ko.ts'

export type ProblemMembers = {
  detail?: Said
  errors?: readonly FieldError[]
  reason?: string
  reasons?: readonly string[]
  opensAt?: string
  claimId?: string
  couponStatus?: 'reserved' | 'used'
  reservedUntil?: string
  log?: { partition: number; offset: number; appendedAt: string }
}

type Outcome =
  | ClaimAnswer['kind']
  | ControlOutcome['kind']
  | CommandOutcome
  | PlaceAnswer['kind']
  | FoundOrder['kind']
  | ReturnAnswer['kind']
type Done = 'issued' | 'created' | 'done' | 'unchanged' | 'ended' | 'returned' | 'found' | 'pending'
export type Refusal = Exclude<Outcome, Done | 'conflict' | 'unavailable'>
export type Command = ControlMessage | OrderCommand

/** What each refusal is over HTTP. */
export const refusals = {
  unknown_coupon: 'unknown-coupon',
  closed: 'closed',
  not_open: 'not-open',
  paused: 'paused',
  not_eligible: 'not-eligible',
  sold_out: 'sold-out',
  quantity_limit: 'quantity-limit',
  too_late: 'too-late',
  not_issued: 'user-has-none',
  changed: 'changed',
  unknown_product: 'unknown-product',
  stock_limit: 'stock-limit',
  balance_limit: 'balance-limit',
  unknown_order: 'unknown-order',
  order_not_confirmed: 'order-not-confirmed',
  return_too_late: 'return-too-late',
  order_already_returned: 'order-already-returned',
  key_reused: 'idempotency-key-reused',
  coupon_not_held: 'coupon-not-held',
  unknown_letter: 'unknown-dead-letter',
  not_redrivable: 'not-redrivable',
} as const satisfies Record<Refusal, ProblemSlug>

/** What a command conflicts with. */
export function conflictOf(command: Command['type']): ProblemSlug {
  return conflicts[command] ?? 'idempotency-key-reused'
}

const conflicts: Partial<Record<Command['type'], ProblemSlug>> = {
  'coupon.created': 'coupon-exists',
  'product.created': 'product-exists',
  'dead_letter.redriven': 'dead-letter-discarded',
  'dead_letter.discarded': 'dead-letter-redriven',
}

/** Sends a problem; without members its body is one made at start. */
export function sendProblem(
  reply: FastifyReply,
  slug: ProblemSlug,
  members?: ProblemMembers,
): void {
  const language = languageOf(reply.request.headers)
  const body = bodyOf(slug, members, language)
  if (language !== 'en') reply.header('content-language', language)
  reply.code(problems[slug].status).type(problemType).send(body)
}

/** Without members one that was made at start. */
export function bodyOf(
  slug: ProblemSlug,
  members: ProblemMembers | undefined,
  language: Language,
): string {
  return members === undefined ? bodies[language][slug] : problemBody(slug, members, language)
}

declare module 'fastify' {
  interface FastifyInstance {
    countUnavailable(reason: Unavailable['reason']): void
  }
}

/** Each reason is there from the start, so that the first of a kind are an increase. */
export function countUnavailable(
  app: FastifyInstance,
  metrics: Registry | undefined,
  onUnavailable: () => void = () => {},
): void {
  const counter = new Counter({
    name: 'firstcome_unavailable_total',
    help: 'Calls answered 503, by the reason that they were told',
    labelNames: ['reason'],
    registers: metrics === undefined ? [] : [metrics],
  })
  for (const reason of unavailableReasons) counter.inc({ reason }, 0)
  app.decorate('countUnavailable', (reason: Unavailable['reason']) => {
    onUnavailable()
    counter.inc({ reason })
  })
}

export function sendUnavailable(reply: FastifyReply, { reason, ...answer }: Unavailable): void {
  reply.server.countUnavailable(reason)
  reply.header('retry-after', String(answer.retryAfterSeconds))
  sendProblem(reply, 'unavailable', { reason })
}

/** The title and the detail of a problem. */
export function problemText(slug: ProblemSlug, language: Language) {
  const { status, ...english } = problems[slug]
  if (language === 'en') return { status, ...english }
  const [title, detail] = koreanProblems[slug]
  return { status, title, detail }
}

export function problemBody(
  slug: ProblemSlug,
  members: ProblemMembers = {},
  language: Language = 'en',
): string {
  const { status, title, detail: usual } = problemText(slug, language)
  const { detail: own, errors: found, ...others } = members
  const detail = own?.[language] ?? usual
  const errors = found?.map(({ path, message }) => ({ path, message: message[language] }))
  const type = `/problems/${slug}`
  return JSON.stringify({ type, title, status, detail, ...others, ...(errors && { errors }) })
}

export const problemType = 'application/problem+json; charset=utf-8'

const bodies = { en: bodiesIn('en'), ko: bodiesIn('ko') }

function bodiesIn(language: Language): Record<ProblemSlug, string> {
  const slugs = Object.keys(problems) as ProblemSlug[]
  const all = slugs.map((slug) => [slug, problemBody(slug, {}, language)])
  return Object.fromEntries(all) as Record<ProblemSlug, string>
}
