// Asks the payment provider for what the rows of the payment step say is to be asked, as many at
// once as may be under way. Who does not fit waits in the rows, which costs no attempt; each answer
// is stored as it comes, so a slow payment holds up itself. What the provider leaves open is tried
// again by way of the retry topics, and is a dead letter in the end.

import type { Publish, TaskParts } from '../consumer/consumer-work.ts'
import { deadLetterEntry, retryEntry } from '../domain/orders/dead-letter-records.ts'
import type { NotNow, PaymentEffect, ProviderAnswer } from '../domain/orders/payment-step.ts'
import { entryOf } from '../domain/orders/records.ts'
import { attemptsMax } from '../domain/orders/retries.ts'
import type { Payment, PaymentAsking, PaymentRow } from '../domain/orders/state.ts'
import type { PaymentChanges, PaymentLoaded, PaymentWanted } from '../ports/orders.ts'
import type { PaymentFailure, Payments } from '../ports/payments.ts'
import { PortError } from '../ports/port-error.ts'
import { type DecidedRows, OpenRows, type OpenRowsParts } from './open-rows.ts'

/** A row of an order about which the provider is to be asked. */
export type AskingRow = PaymentRow & { status: 'asked' | 'undoing'; record: PaymentAsking }
export type Answered = { orderId: string; kind: PaymentEffect['kind'] } & (
  | { answer: ProviderAnswer }
  | { failure: PaymentFailure }
)
export type AskingParts = OpenRowsParts<
  PaymentRow,
  PaymentWanted,
  PaymentLoaded,
  PaymentChanges
> & {
  payments: Payments
  /** Where an answer is none that the row can take: what is appended before that is stored. */
  passOn(answered: Answered, row: AskingRow): Publish | null
  decide(answers: readonly Answered[], loaded: PaymentLoaded): DecidedRows<PaymentChanges>
}

/** Of one transaction. */
const answersPerTransactionMax = 1_000
/** That all was said is stored by what comes next, as a rule the end of the order; else by then. */
const noteSaidMs = 1_000
/** Until the database of the wallet is asked again, and whoever was told "not now". */
const askAgainMs = 100

export class PaymentAsks {
  private readonly parts: AskingParts
  private readonly open: OpenRows<PaymentRow, PaymentWanted, PaymentLoaded, PaymentChanges>
  /** In the order of their coming; those under way are among them. */
  private readonly rows = new Map<string, AskingRow>()
  private underWay = new Set<string>()
  /** Who was told "not now"; of them, who was told so longest ago is asked again first. */
  private readonly putOff = new Set<string>()
  /** Of an earlier session, which may have asked about them. */
  private readonly inherited = new Set<string>()
  private calls = 0
  /** Since it was asked last, for some who were told "not now". */
  private mayAnswer = false
  private answers: Answered[] = []
  private task: TaskParts | null = null
  private broken: { error: unknown } | null = null

  constructor(parts: AskingParts) {
    this.parts = parts
    this.open = new OpenRows(parts)
  }

  /** Orders of which all that was unsaid is published: for any transaction to store. */
  said(): readonly string[] {
    return this.open.unstored()
  }

  /** To be called with every change, once it is committed. */
  stored(changes: PaymentChanges): void {
    this.open.stored(changes)
    for (const row of changes.rows) {
      if (!('orderId' in row)) continue
      this.putOff.delete(row.orderId)
      if (isAsking(row)) this.rows.set(row.orderId, row)
      else this.rows.delete(row.orderId)
    }
    if (this.rows.size > this.underWay.size) this.task?.wake(0)
  }

  /** The task of a session: see ConsumerWork. What an earlier session has asked counts no more. */
  start(task: TaskParts): () => Promise<number> {
    this.task = task
    this.rows.clear()
    this.putOff.clear()
    this.inherited.clear()
    this.underWay = new Set()
    this.calls = 0
    this.answers = []
    this.parts.payments.begin?.(() => {
      this.mayAnswer = true
      task.wake(0)
    })
    let hasRead = false
    return async () => {
      if (this.broken !== null) throw this.broken.error
      if (!hasRead) this.inherit(await this.open.read(task))
      hasRead = true
      const hasAnswers = this.answers.length > 0
      while (this.answers.length > 0) await this.settle(task)
      this.ask(task)
      if (this.underWay.size > 0 || !this.open.hasSaid()) return Number.POSITIVE_INFINITY
      if (hasAnswers) return noteSaidMs
      await this.settle(task)
      return Number.POSITIVE_INFINITY
    }
  }

  private inherit(rows: readonly PaymentRow[]): void {
    this.stored({ ...noChanges, rows })
    if (this.parts.payments.losesAnswers !== true) return
    for (const orderId of this.rows.keys()) this.inherited.add(orderId)
  }

  /** Stores some answers, or that all was said. */
  private async settle(task: TaskParts): Promise<void> {
    const answers = this.answers.slice(0, answersPerTransactionMax)
    const orderIds = [...new Set(answers.map(({ orderId }) => orderId))]
    const wanted = { orderIds, userIds: [], commands: [] }
    // First, so that no crash loses it; appended twice it is harmless.
    await task.publish(answers.flatMap((answered) => this.passedOn(answered)))
    const changes = await this.open.decide(task, wanted, (loaded) => {
      return this.parts.decide(answers, loaded)
    })
    this.answers = this.answers.slice(answers.length)
    for (const orderId of orderIds) {
      this.underWay.delete(orderId)
      this.inherited.delete(orderId)
    }
    this.stored(changes)
  }

  private passedOn(answered: Answered): Publish[] {
    const row = this.rows.get(answered.orderId)
    if (row === undefined || questionOf(row).kind !== answered.kind) return []
    return [this.parts.passOn(answered, row) ?? []].flat()
  }

  private ask(task: TaskParts): void {
    const { questionsPerCallMax, callsAtOnceMax } = this.parts.payments.limits
    let some: AskingRow[] = []
    for (const row of this.askable()) {
      if (this.calls >= callsAtOnceMax) return
      some.push(row)
      if (some.length < questionsPerCallMax) continue
      void this.call(task, some)
      some = []
    }
    if (some.length > 0 && this.calls < callsAtOnceMax) void this.call(task, some)
  }

  /** Who was told "not now" comes last, and holds up nobody, however many there are. */
  private *askable(): Generator<AskingRow> {
    for (const row of this.rows.values()) {
      const { orderId } = row
      if (!this.underWay.has(orderId) && !this.putOff.has(orderId)) yield row
    }
    for (const orderId of this.putOff) {
      const row = this.rows.get(orderId)
      if (row !== undefined) yield row
    }
  }

  /** Never rejects. */
  private async call(task: TaskParts, rows: readonly AskingRow[]): Promise<void> {
    const { payments } = this.parts
    this.calls += 1
    this.mayAnswer = false
    for (const { orderId } of rows) {
      this.underWay.add(orderId)
      this.putOff.delete(orderId)
    }
    const questions = rows.map(questionOf)
    const answers = await payments.ask(questions, payments.limits.answerMsMax).catch((error) => {
      return { error: error as unknown }
    })
    // Of another session: the rows say again what is to be asked.
    if (this.task !== task) return
    this.calls -= 1
    if (Array.isArray(answers)) {
      answers.forEach((answer, n) => this.take(rows[n], answer))
      const isSettling = answers.some(({ kind }) => kind !== 'not_now')
      const othersWait = this.rows.size > this.underWay.size + this.putOff.size
      return task.wake(isSettling || othersWait || this.mayAnswer ? 0 : askAgainMs)
    }
    for (const { orderId } of rows) this.underWay.delete(orderId)
    const { error } = answers
    if (!(error instanceof PortError && error.retryable)) this.broken = { error }
    task.wake(this.broken === null ? askAgainMs : 0)
  }

  private take(row: AskingRow | undefined, answer: ProviderAnswer | NotNow | PaymentFailure): void {
    if (row === undefined) throw new Error('an answer that nobody asked for')
    const { orderId } = row
    if (answer.kind === 'not_now') return this.takeNotNow(row)
    const { kind } = questionOf(row)
    const isInherited = this.inherited.has(orderId)
    const doubt = isInherited ? { inDoubt: true as const } : {}
    if (answer.kind === 'failed') {
      this.answers.push({ orderId, kind, failure: { ...answer, ...doubt } })
    } else {
      const told = answer.kind === 'refused' ? { ...answer, ...doubt } : answer
      this.answers.push({ orderId, kind, answer: told })
    }
  }

  private takeNotNow(asked: AskingRow): void {
    const { orderId } = asked
    this.underWay.delete(orderId)
    // It may be about to be undone by now.
    if (this.rows.get(orderId) === asked) this.putOff.add(orderId)
  }
}

const noChanges: PaymentChanges = { rows: [], balances: new Map(), commands: [] }

export function isAsking(row: PaymentRow): row is AskingRow {
  return (row.status === 'asked' || row.status === 'undoing') && row.record !== undefined
}

export function questionOf({ status, orderId, userId, amount }: AskingRow): PaymentEffect {
  const payment: Payment = { orderId, userId, amount }
  return { kind: status === 'asked' ? 'capture' : 'undo', payment }
}

/** The record for the next attempt, or as a dead letter: after the last one, or by `isFinal`. */
export function passedOn(
  { message, origin, attempts: before, redrives }: PaymentAsking,
  reason: string,
  isFinal = false,
): Publish {
  const attempts = before + 1
  const { key, value, headers } = entryOf(message)
  const record = { key, value, headers }
  const failed = { consumer: 'payment-step', record, origin, reason, attempts, redrives }
  if (isFinal || attempts >= attemptsMax) return deadLetterEntry({ ...failed, redrivable: true })
  return retryEntry(failed)
}
