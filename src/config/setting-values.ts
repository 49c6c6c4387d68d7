// What the text of a setting may be. Each kind reads a text, says what is allowed, and says how
// much of a wrong text a mistake may repeat: of a secret, or of a URL that may hold one, nothing.

import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'

export type Kind<T> = {
  /** As in "FIRSTCOME_PORT must be …". */
  must: string
  /** null: it is none of this kind. */
  read(text: string): T | null
  /** What a mistake says of a wrong text, behind `must`; absent: the text itself. */
  found?(text: string): string
}
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
const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** HS256 wants a key as long as its hash. */
export const secretBytesMin = 32
/** Far above any real key; a longer value is a file that was pasted by mistake. */
export const secretBytesMax = 4096
/** More than one user or address can ask of one process; beyond it, 0 (off) is meant. */
const rateMax = 1_000_000
/** A day: whoever holds stock without paying must let go of it some time. */
const orderTimeLimitSecondsMax = 86_400
/** A name or a password of SASL; a longer one is a file that was pasted by mistake. */
const saslCharactersMax = 1024
/** A bearer token fits into one header; a longer one is a file that was pasted by mistake. */
export const tokenCharactersMax = 4096
/** A chain of certificates has a few kilobytes. */
const pemBytesMax = 1024 * 1024
/** The crash points are numbered K1 to K30. */
const crashPointPattern = /^K([1-9]|[12][0-9]|30)$/

const hidden = { found: () => '' }

export const port: Kind<number> = {
  must: 'a whole number from 0 to 65535 (0: any free port)',
  read: (text) => wholeNumber(text, 65_535),
}
export const rate: Kind<number> = {
  must: `requests per second, 0 to ${rateMax} (0: no limit)`,
  read: (text) => wholeNumber(text, rateMax),
}
export const orderTimeLimit: Kind<number> = {
  must: `seconds, 1 to ${orderTimeLimitSecondsMax}`,
  read: (text) => wholeNumber(text, orderTimeLimitSecondsMax) || null,
}
export const flag: Kind<boolean> = {
  must: 'true or false',
  read: (text) => (text === 'true' || text === 'false' ? text === 'true' : null),
}
export const logLevel = oneOf(logLevels)
export const saslMechanism = oneOf(saslMechanisms)
export const host: Kind<string> = {
  must: 'an address or a host name to listen on, without a scheme or a port',
  read: (text) => (isIPv6(text) || /^\w[\w.-]{0,252}$/.test(text) ? text : null),
}
/** Absolute. */
export const directory: Kind<string> = {
  must: 'the path of a directory',
  read: (text) => (text.trim() === '' || text.includes('\0') ? null : resolve(text)),
}
export const secret: Kind<string> = {
  must: `${secretBytesMin} to ${secretBytesMax} bytes long`,
  read(text) {
    const bytes = Buffer.byteLength(text)
    return bytes >= secretBytesMin && bytes <= secretBytesMax ? text : null
  },
  found: (text) => `, not ${Buffer.byteLength(text)}`,
}
export const saslName: Kind<string> = {
  must: `1 to ${saslCharactersMax} characters long`,
  read: (text) => (text !== '' && text.length <= saslCharactersMax ? text : null),
}
export const saslPassword: Kind<string> = { ...saslName, ...hidden }
export const bearerToken: Kind<string> = {
  must: `1 to ${tokenCharactersMax} visible ASCII characters long`,
  read: (text) => (/^[!-~]+$/.test(text) && text.length <= tokenCharactersMax ? text : null),
  ...hidden,
}
export const redisUrl = urlOf('redis', 'rediss')
export const postgresUrl = urlOf('postgres', 'postgresql')
const webUrl = urlOf('http', 'https')
/** Of a service that signs in by a token: a name or a password in the URL would end up in logs. */
export const serviceUrl: Kind<string> = {
  must: `${webUrl.must}, without a name or a password`,
  read(text) {
    const url = URL.parse(webUrl.read(text) ?? '')
    return url && `${url.username}${url.password}${url.search}${url.hash}` === '' ? text : null
  },
  ...hidden,
}
export const brokers: Kind<string[]> = {
  must: 'a list host:port,host:port',
  read: (text) => listOf(text, (broker) => (isBroker(broker) ? broker : null)),
}
export const testFaults: Kind<TestFault[]> = {
  must: 'a list of crash:K<1–30>:<nth passing>, sync:<nth sync> and poison:<key>',
  read: (text) => listOf(text, testFault),
}

/** What is in the file: a certificate or a key in PEM. */
export function pemFile(what: string): Kind<string> {
  return {
    must: `a file with ${what} in PEM that can be read`,
    read(path) {
      try {
        const text = readFileSync(path, 'utf8')
        return text.length <= pemBytesMax && text.includes('-----BEGIN ') ? text : null
      } catch {
        return null
      }
    },
  }
}

function oneOf<Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    must: `one of ${words.join(', ')}`,
    read: (text) => words.find((word) => word === text) ?? null,
  }
}

function urlOf(...schemes: [string, string]): Kind<string> {
  const starts = schemes.map((scheme) => `${scheme}://`)
  return {
    must: `a URL that starts with ${starts.join(' or ')}`,
    read(text) {
      const protocol = text.includes('://') ? URL.parse(text)?.protocol : undefined
      return schemes.some((scheme) => `${scheme}:` === protocol) ? text : null
    },
    ...hidden,
  }
}

function wholeNumber(text: string, max: number): number | null {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value <= max ? value : null
}

function listOf<T>(text: string, read: (part: string) => T | null): T[] | null {
  const list = text.split(',').map((part) => read(part.trim()))
  return list.every((part) => part !== null) ? list : null
}

function isBroker(text: string): boolean {
  const [, number = ''] = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})$/.exec(text) ?? []
  return Number(number) >= 1 && Number(number) <= 65_535
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
