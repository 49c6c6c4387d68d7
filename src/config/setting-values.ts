// Reads the text of single settings: each function gives the value, or null where the text is not
// what the setting takes. config.ts says which setting takes what, and what to tell people.

import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'

export type LogLevel = (typeof logLevels)[number]
export type SaslMechanism = (typeof saslMechanisms)[number]
export type TestFault =
  /** Die by SIGKILL when crash point `point` is passed for the `passing`th time. */
  | { kind: 'crash'; point: string; passing: number }
  /** Let the `attempt`th sync of the log fail. */
  | { kind: 'sync'; attempt: number }
  /** Die by SIGKILL whenever a consumer of orders takes a record with this key. */
  | { kind: 'poison'; key: string }

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** HS256 wants a key as long as its hash. */
export const secretBytesMin = 32
/** Far above any real key; a longer value is a file that was pasted by mistake. */
export const secretBytesMax = 4096
/** More than one user or address can ask of one process; beyond it, 0 (off) is meant. */
export const rateMax = 1_000_000
/** A day: whoever holds stock without paying must let go of it some time. */
export const orderTimeLimitSecondsMax = 86_400
/** A name or a password of SASL; a longer one is a file that was pasted by mistake. */
export const saslCharactersMax = 1024
/** A bearer token fits into one header; a longer one is a file that was pasted by mistake. */
export const tokenCharactersMax = 4096
/** A chain of certificates has a few kilobytes. */
const pemBytesMax = 1024 * 1024
/** The crash points are numbered K1 to K30. */
const crashPointPattern = /^K([1-9]|[12][0-9]|30)$/

export function wholeNumber(text: string, max: number): number | null {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value <= max ? value : null
}

/** From 1. */
export function count(text: string, max: number): number | null {
  const value = wholeNumber(text, max)
  return value === 0 ? null : value
}

export function trueOrFalse(text: string): boolean | null {
  return text === 'true' || text === 'false' ? text === 'true' : null
}

export function oneOf<Word extends string>(text: string, words: readonly Word[]): Word | null {
  return words.find((word) => word === text) ?? null
}

export function host(text: string): string | null {
  if (isIPv6(text)) return text
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(text) ? text : null
}

export function directory(text: string): string | null {
  return text.trim() === '' || text.includes('\0') ? null : text
}

export function secret(text: string): string | null {
  const bytes = Buffer.byteLength(text)
  return bytes >= secretBytesMin && bytes <= secretBytesMax ? text : null
}

export function saslText(text: string): string | null {
  return text !== '' && text.length <= saslCharactersMax ? text : null
}

/** What is in the file: a certificate or a key in PEM. */
export function pemFile(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8')
    return text.length <= pemBytesMax && text.includes('-----BEGIN ') ? text : null
  } catch {
    return null
  }
}

export function brokers(text: string): string[] | null {
  const list = text.split(',').map((broker) => broker.trim())
  return list.every(isBroker) ? list : null
}

function isBroker(text: string): boolean {
  const [, name, port] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})$/.exec(text) ?? []
  if (name === undefined || port === undefined) return false
  return Number(port) >= 1 && Number(port) <= 65_535
}

export function url(text: string, schemes: readonly string[]): string | null {
  const parsed = URL.parse(text)
  if (parsed === null || !text.includes('://')) return null
  return schemes.includes(parsed.protocol) ? text : null
}

/** Of a service that signs in by a token: a name or a password in the URL would end up in logs. */
export function plainHttpUrl(text: string): string | null {
  const parsed = URL.parse(url(text, ['http:', 'https:']) ?? '')
  if (parsed === null || `${parsed.username}${parsed.password}${parsed.search}` !== '') return null
  return parsed.hash === '' ? text : null
}

export function bearerToken(text: string): string | null {
  return /^[!-~]+$/.test(text) && text.length <= tokenCharactersMax ? text : null
}

export function testFaults(text: string): TestFault[] | null {
  const faults = text.split(',').map((fault) => testFault(fault.trim()))
  return faults.every((fault) => fault !== null) ? faults : null
}

function testFault(text: string): TestFault | null {
  const [kind, ...rest] = text.split(':')
  if (kind === 'poison') return rest.length === 1 && rest[0] ? { kind, key: rest[0] } : null
  const nth = wholeNumber(rest.at(-1) ?? '', 999_999_999) ?? 0
  if (nth < 1) return null
  if (kind === 'sync' && rest.length === 1) return { kind, attempt: nth }
  const [point] = rest
  if (kind !== 'crash' || rest.length !== 2 || point === undefined) return null
  return crashPointPattern.test(point) ? { kind, point, passing: nth } : null
}
