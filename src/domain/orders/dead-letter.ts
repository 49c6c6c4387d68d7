// A record that nobody could handle, and what operators did about it.

import type { Origin } from './retries.ts'

export type DeadLetter = {
  /** Derived from who could not handle which record: see `deadLetterId`. */
  id: string
  /** Who could not handle it. */
  consumer: string
  status: 'waiting' | 'redriven' | 'discarded'
  origin: Origin
  key: string
  /** The record's bytes in base64. */
  value: string
  headers: Readonly<Record<string, string>>
  /** Why, the last time. */
  reason: string
  /** How often it was tried in all. */
  attempts: number
  /** When it became one, the last time; ms UTC, by the log's clock. */
  buriedAt: number
  /** Whether trying again could make sense: not for bytes that are no record. */
  redrivable: boolean
  acts: readonly DeadLetterAct[]
}
/** `at`: ms UTC, by the log's clock. */
export type DeadLetterAct = { act: 'redriven' | 'discarded'; by: string; at: number }

export type DeadLetterBuried = {
  type: 'dead_letter.buried'
  deadLetterId: string
  consumer: string
  origin: Origin
  key: string
  value: string
  headers: Readonly<Record<string, string>>
  reason: string
  attempts: number
  redrivable: boolean
  /** How often it had been re-driven before: tells a second burial from a repeated record. */
  redrives: number
}
export type DeadLetterCommand = {
  type: 'dead_letter.redriven' | 'dead_letter.discarded'
  deadLetterId: string
  by: string
  commandId: string
}
export type DeadLetterMessage = DeadLetterBuried | DeadLetterCommand

/** Safe in an address: consumer, topic, partition and offset, as in `stock-step.orders.3.17`. */
export function deadLetterId(consumer: string, { topic, partition, offset }: Origin): string {
  return `${consumer}.${topic.replace(/^firstcome\./, '')}.${partition}.${offset}`
}
