// Every setting, one line each, and before them what the text of a setting may be. The types, the
// reading, the mistakes and the help texts come from the table: a new setting is a line there and,
// where it has a place of its own among the settings, one in `settingsOf` (settings.ts).
// docs/reference.md has the same table for people; a test compares.

import { createPrivateKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { keySetBytesMax } from '../ports/tokens.ts'
import { proofOrigin, witnesses } from './proof-kinds.ts'

/** What a text may be. A mistake repeats nothing of a secret, or of what may hold one. */
export type Kind<T> = {
  /** As in "FIRSTCOME_PORT must be …". */
  must: string
  /** null: it is none of this kind. */
  read(text: string): T | null
  /** What a mistake says of a wrong text, behind `must`; absent: the text itself. */
  found?(text: string): string
  /** A secret, or what may hold one: `NAME_FILE` may name a file with it instead. */
  mayBeInFile?: true
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
  /** Keep a snapshot whenever so many records were read. */
  | { kind: 'snapshots'; everyRecords: number }

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
/** A century; an order that is older is settled otherwise. */
const returnDaysMax = 36_500
/** Ten years: for ever. */
const closedCouponHoursMax = 87_600
/** Longer than any proxy keeps a connection that nobody uses. */
const keepAliveSecondsMax = 3_600
/** Supervisors wait for a minute or two; behind that, a stop is not to be waited for at all. */
const drainSecondsMax = 600
/** Each may take a megabyte, and is written to twice a second. */
const consoleStreamsMax = 10_000
/** More than a provider answers at once; each is a connection. */
const paymentsAtOnceMax = 1_000
/** Who waits longer has given up. */
const paymentTimeoutSecondsMax = 60
/** A name or a password of SASL; a longer one is a file that was pasted by mistake. */
const saslCharactersMax = 1024
/** A bearer token fits into one header; a longer one is a file that was pasted by mistake. */
export const tokenCharactersMax = 4096
/** Issuers and audiences are URLs or short words, claims names. */
const claimCharactersMax = 1024
/** A chain of certificates has a few kilobytes. */
const pemBytesMax = 1024 * 1024
/** The crash points are numbered K1 to K30. */
const crashPointPattern = /^K([1-9]|[12][0-9]|30)$/

const hidden = { found: () => '', mayBeInFile: true } as const

const port: Kind<number> = {
  must: 'a whole number from 0 to 65535 (0: any free port)',
  read: (text) => wholeNumber(text, 65_535),
}
const rate: Kind<number> = {
  must: `requests per second, 0 to ${rateMax} (0: no limit)`,
  read: (text) => wholeNumber(text, rateMax),
}
const orderTimeLimit = whole('seconds', 1, orderTimeLimitSecondsMax)
const returnDays: Kind<number> = {
  must: `days, 0 to ${returnDaysMax} (0: operators alone return orders)`,
  read: (text) => wholeNumber(text, returnDaysMax),
}
const closedCouponHours = whole('hours', 0, closedCouponHoursMax)
const keepAlive = whole('seconds', 1, keepAliveSecondsMax)
const consoleStreams: Kind<number> = {
  must: `a number, 1 to ${consoleStreamsMax}`,
  read: (text) => wholeNumber(text, consoleStreamsMax) || null,
}
const drain = whole('seconds', 0, drainSecondsMax)
const paymentsAtOnce: Kind<number> = {
  must: `a number, 1 to ${paymentsAtOnceMax}`,
  read: (text) => wholeNumber(text, paymentsAtOnceMax) || null,
}
const paymentTimeout = whole('seconds', 1, paymentTimeoutSecondsMax)
const flag: Kind<boolean> = {
  must: 'true or false',
  read: (text) => (text === 'true' || text === 'false' ? text === 'true' : null),
}
const logLevel = oneOf(logLevels)
const saslMechanism = oneOf(saslMechanisms)
const host: Kind<string> = {
  must: 'an address or a host name to listen on, without a scheme or a port',
  read: (text) => (isIPv6(text) || /^\w[\w.-]{0,252}$/.test(text) ? text : null),
}
/** Absolute. */
const directory: Kind<string> = {
  must: 'the path of a directory',
  read: (text) => (text.trim() === '' || text.includes('\0') ? null : resolve(text)),
}
const secret: Kind<string> = {
  must: `${secretBytesMin} to ${secretBytesMax} bytes long`,
  read(text) {
    const bytes = Buffer.byteLength(text)
    return bytes >= secretBytesMin && bytes <= secretBytesMax ? text : null
  },
  found: (text) => `, not ${Buffer.byteLength(text)}`,
  mayBeInFile: true,
}
const saslName: Kind<string> = {
  must: `1 to ${saslCharactersMax} characters long`,
  read: (text) => (text !== '' && text.length <= saslCharactersMax ? text : null),
}
const saslPassword: Kind<string> = { ...saslName, ...hidden }
const bearerToken: Kind<string> = {
  must: `1 to ${tokenCharactersMax} visible ASCII characters long`,
  read: (text) => (/^[!-~]+$/.test(text) && text.length <= tokenCharactersMax ? text : null),
  ...hidden,
}
const redisUrl = urlOf('redis', 'rediss')
const postgresUrl = urlOf('postgres', 'postgresql')
const webUrl = urlOf('http', 'https')
/** Of a service that signs in by a token: a name or a password in the URL would end up in logs. */
const serviceUrl: Kind<string> = {
  must: `${webUrl.must}, without a name or a password`,
  read(text) {
    const url = URL.parse(webUrl.read(text) ?? '')
    return url && `${url.username}${url.password}${url.search}${url.hash}` === '' ? text : null
  },
  ...hidden,
}
/** Exact ones, as browsers send them. */
const origins: Kind<string[]> = {
  must: 'origins as https://shop.example, with commas between, without paths',
  read: (text) =>
    listOf(text, (part) => (URL.parse(webUrl.read(part) ?? '')?.origin === part ? part : null)),
}
/** The key set itself, as its provider serves it. Absolute. */
const keySetFile: Kind<string> = {
  must: 'a file with a JSON Web Key Set, {"keys": […]}, that can be read',
  read(path) {
    try {
      if (statSync(path).size > keySetBytesMax) return null
      const { keys } = Object(JSON.parse(readFileSync(path, 'utf8'))) as { keys?: unknown }
      return Array.isArray(keys) ? resolve(path) : null
    } catch {
      return null
    }
  },
}
const keySetUrl: Kind<string> = {
  must: `${webUrl.must}, without a name or a password`,
  read(text) {
    const url = URL.parse(webUrl.read(text) ?? '')
    return url && `${url.username}${url.password}` === '' ? text : null
  },
  ...hidden,
}
/** People are sent there, with `return` added to its query. */
const signInUrl: Kind<string> = { must: keySetUrl.must, read: keySetUrl.read }
const claimText: Kind<string> = {
  must: `a text without spaces of 1 to ${claimCharactersMax} characters`,
  read: (text) => (/^\S+$/.test(text) && text.length <= claimCharactersMax ? text : null),
}
/** PEM. */
const ed25519Key: Kind<string> = {
  must: 'a private Ed25519 key, PKCS #8 in PEM',
  read(text) {
    try {
      return createPrivateKey(text).asymmetricKeyType === 'ed25519' ? text : null
    } catch {
      return null
    }
  },
  ...hidden,
}
const brokers: Kind<string[]> = {
  must: 'a list host:port,host:port',
  read: (text) => listOf(text, (broker) => (isBroker(broker) ? broker : null)),
}
const testFaults: Kind<TestFault[]> = {
  must:
    'a list of crash:K<1–30>:<nth passing>, sync:<nth sync>, poison:<key> and ' +
    'snapshots:<records>',
  read: (text) => listOf(text, testFault),
}

/** `fallback`: the text that counts where none is given; null: then there is no value. */
type Row = readonly [kind: Kind<unknown>, fallback: string | null, help: string]

export const settingTable = {
  FIRSTCOME_PORT: [port, '8080', 'the port to listen on, 0 for any free one'],
  FIRSTCOME_HOST: [host, '127.0.0.1', 'the address to listen on'],
  FIRSTCOME_DATA: [directory, './data', 'the data directory; one process owns it at a time'],
  FIRSTCOME_JWT_SECRET: [secret, null, 'signs tokens, 32 bytes or more; the same for every node'],
  FIRSTCOME_JWKS_URL: [keySetUrl, null, 'keys of an identity provider whose tokens are taken, too'],
  FIRSTCOME_JWKS_FILE: [keySetFile, null, 'the same keys in a file, read again as it changes'],
  FIRSTCOME_JWT_ISSUER: [claimText, null, 'the iss that every token must have'],
  FIRSTCOME_JWT_AUDIENCE: [claimText, null, 'what must be in the aud of every token'],
  FIRSTCOME_JWT_USER_CLAIM: [claimText, 'sub', 'the claim of a token that names the user'],
  FIRSTCOME_JWT_SCOPE_CLAIM: [claimText, null, 'the claim with scopes; else scope and scp'],
  FIRSTCOME_CODE_SECRET: [secret, null, 'makes coupon codes: the same everywhere and for ever'],
  FIRSTCOME_PROOF: [flag, 'true', 'false: no proof of sales is made, and its calls are 404'],
  FIRSTCOME_PROOF_ORIGIN: [proofOrigin, null, 'under this name proofs are signed, for ever'],
  FIRSTCOME_PROOF_KEY: [ed25519Key, null, 'signs proofs: Ed25519, PKCS #8 in PEM'],
  FIRSTCOME_PROOF_SECRET: [secret, null, 'hides users in proofs: the same everywhere and for ever'],
  FIRSTCOME_PROOF_WITNESSES: [witnesses, null, 'cosign proofs: <verifier key> <URL>, one a line'],
  FIRSTCOME_USER_RATE_MAX: [rate, '20', 'requests per second of one user at a node; 0: no limit'],
  FIRSTCOME_OPERATOR_RATE_MAX: [rate, '500', 'requests per second of one operator; 0: no limit'],
  FIRSTCOME_ADDRESS_RATE_MAX: [rate, '0', 'requests per second of one address; 0: no limit'],
  FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: [orderTimeLimit, '30', 'until an open order is cancelled'],
  FIRSTCOME_RETURN_DAYS: [returnDays, '7', 'how long users can return an order; 0: operators only'],
  FIRSTCOME_RESERVATION_SECONDS: [orderTimeLimit, '900', 'a redemption reserves its coupon'],
  FIRSTCOME_CLOSED_COUPON_HOURS: [closedCouponHours, '24', 'until its winners leave memory'],
  FIRSTCOME_KAFKA_BROKERS: [brokers, null, 'where Kafka is: host:port,host:port'],
  FIRSTCOME_KAFKA_TLS: [flag, 'false', 'true: connections to Kafka are encrypted'],
  FIRSTCOME_KAFKA_TLS_CA_FILE: [pemFile('certificates'), null, 'whom to trust; else the system'],
  FIRSTCOME_KAFKA_TLS_CERT_FILE: [pemFile('a certificate'), null, 'shown to the brokers, PEM'],
  FIRSTCOME_KAFKA_TLS_KEY_FILE: [pemFile('a key'), null, 'the key of that certificate, PEM'],
  FIRSTCOME_KAFKA_SASL_MECHANISM: [saslMechanism, null, 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512'],
  FIRSTCOME_KAFKA_SASL_USERNAME: [saslName, null, 'who signs in to Kafka'],
  FIRSTCOME_KAFKA_SASL_PASSWORD: [saslPassword, null, 'with this password'],
  FIRSTCOME_REDIS_URL: [redisUrl, null, 'where Redis is, the gate before the log; else no gate'],
  FIRSTCOME_POSTGRES_URL: [postgresUrl, null, 'postgres://user:password@host/database'],
  FIRSTCOME_PAYMENT_URL: [serviceUrl, null, 'a payment service; else the built-in wallets'],
  FIRSTCOME_PAYMENT_TOKEN: [bearerToken, null, 'the bearer token for it'],
  FIRSTCOME_POSTGRES_TLS: [flag, 'false', 'true: encrypted, and the certificate is checked'],
  FIRSTCOME_POSTGRES_TLS_CA_FILE: [pemFile('certificates'), null, 'whom to trust; else the system'],
  FIRSTCOME_ALLOWED_ORIGINS: [origins, null, 'pages elsewhere that may call: https://shop.example'],
  FIRSTCOME_CONSOLE_STREAMS_MAX: [consoleStreams, '100', 'consoles that watch a node at once'],
  FIRSTCOME_DEMO: [flag, 'false', 'true: to try it out; anybody can be anybody'],
  FIRSTCOME_SIGN_IN_URL: [signInUrl, null, 'where the event page sends whoever must sign in'],
  FIRSTCOME_KEEP_ALIVE_SECONDS: [keepAlive, '75', 'until an idle connection is closed'],
  FIRSTCOME_DRAIN_SECONDS: [drain, null, 'SIGTERM: so long it still works (start: 0, others: 5)'],
  FIRSTCOME_PAYMENTS_AT_ONCE: [paymentsAtOnce, null, 'requests to it at once; else 64'],
  FIRSTCOME_PAYMENT_TIMEOUT_SECONDS: [paymentTimeout, null, 'for one of its answers; else 3'],
  FIRSTCOME_LOG_LEVEL: [logLevel, 'info', 'how much to log'],
  FIRSTCOME_TEST_FAULTS: [testFaults, null, 'for tests only: what is to go wrong, and when'],
} as const satisfies Record<string, Row>

export type SettingName = keyof typeof settingTable
export const settingNames = Object.keys(settingTable) as SettingName[]
export const mayBeInFile = (name: SettingName) =>
  (settingTable[name][0] as Kind<unknown>).mayBeInFile === true

type ValueOf<R> = R extends readonly [Kind<infer T>, infer Fallback, string]
  ? T | (Fallback extends null ? undefined : never)
  : never
/** What each setting reads as. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof settingTable)[Name]> }

/** The flags that stand for a setting, by the name of the option. */
export const settingFlags = {
  port: ['--port <number>', 'FIRSTCOME_PORT'],
  host: ['--host <address>', 'FIRSTCOME_HOST'],
  data: ['--data <dir>', 'FIRSTCOME_DATA'],
  logLevel: ['--log-level <level>', 'FIRSTCOME_LOG_LEVEL'],
  demo: ['--demo', 'FIRSTCOME_DEMO'],
} as const satisfies Record<string, readonly [flag: string, SettingName]>

const distributed: readonly SettingName[] = ['FIRSTCOME_KAFKA_BROKERS', 'FIRSTCOME_POSTGRES_URL']
/** Who makes or shows proofs, beside others of its kind. */
export const proofRoles: readonly string[] = ['api', 'issuer']
/** By command. What is not listed works without, or asks for what it misses when it misses it. */
export const neededSettings: Readonly<Record<string, readonly SettingName[]>> = {
  api: [...distributed, 'FIRSTCOME_JWT_SECRET', 'FIRSTCOME_CODE_SECRET'],
  issuer: [...distributed, 'FIRSTCOME_CODE_SECRET'],
  orders: distributed,
  migrate: distributed,
}

const listening = /_(PORT|HOST|LOG_LEVEL|KEEP_ALIVE_SECONDS|DRAIN_SECONDS)$/
const pages = /_(ALLOWED_ORIGINS|SIGN_IN_URL|CONSOLE_\w+)$/
const kafkaAndSql = /_(KAFKA|POSTGRES)_\w+$/
const claims =
  /_(\w+_(?:SECRET|RATE_MAX)|PROOF(?:_ORIGIN|_KEY)?|(?:JWKS|JWT|ORDER|RESERV|CLOSED|RETURN)\w+)$/
/** The settings that the help of a command explains. */
export const helpedSettings: Readonly<Record<string, readonly RegExp[]>> = {
  start: [listening, pages, /_(DATA|DEMO|PROOF_WITNESSES)$/, claims, /_PAYMENTS?_\w+$/],
  migrate: [kafkaAndSql],
  api: [listening, pages, kafkaAndSql, /_REDIS_URL$/, claims],
  issuer: [listening, kafkaAndSql, /_CODE_SECRET$/, /_PROOF(_\w+)?$/],
  orders: [listening, kafkaAndSql, /_PAYMENTS?_\w+$/],
  witness: [/_(PORT|HOST|LOG_LEVEL|DATA)$/],
}

/** Names that are given together, or not at all: where one of `any` is given, so must `all` be. */
const sasl: readonly SettingName[] = [
  'FIRSTCOME_KAFKA_SASL_MECHANISM',
  'FIRSTCOME_KAFKA_SASL_USERNAME',
  'FIRSTCOME_KAFKA_SASL_PASSWORD',
]
const certificate: readonly SettingName[] = [
  'FIRSTCOME_KAFKA_TLS_CERT_FILE',
  'FIRSTCOME_KAFKA_TLS_KEY_FILE',
]
export const givenTogether: readonly Record<'any' | 'all', readonly SettingName[]>[] = [
  { any: sasl, all: sasl },
  { any: certificate, all: certificate },
  { any: ['FIRSTCOME_PAYMENT_TOKEN'], all: ['FIRSTCOME_PAYMENT_URL'] },
]
/** Of which only one may be given. */
export const notTogether: readonly (readonly [SettingName, SettingName])[] = [
  ['FIRSTCOME_JWKS_URL', 'FIRSTCOME_JWKS_FILE'],
]
/** Without the flag before them they would be taken for granted and do nothing. */
export const onlyWith: readonly (readonly [SettingName, readonly SettingName[]])[] = [
  ['FIRSTCOME_KAFKA_TLS', ['FIRSTCOME_KAFKA_TLS_CA_FILE', ...certificate]],
  ['FIRSTCOME_POSTGRES_TLS', ['FIRSTCOME_POSTGRES_TLS_CA_FILE']],
]
/** The embedded profile has no use for these. */
export const onlyDistributed: readonly SettingName[] = [
  'FIRSTCOME_KAFKA_BROKERS',
  'FIRSTCOME_REDIS_URL',
  'FIRSTCOME_POSTGRES_URL',
]

/** What is in the file: a certificate or a key in PEM. */
function pemFile(what: string): Kind<string> {
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

function whole(unit: string, min: number, max: number): Kind<number> {
  return {
    must: `${unit}, ${min} to ${max}`,
    read(text) {
      const value = wholeNumber(text, max)
      return value !== null && value >= min ? value : null
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
  if (kind === 'snapshots' && rest.length === 1) return { kind, everyRecords: nth }
  const [point] = rest
  if (kind !== 'crash' || rest.length !== 2 || point === undefined) return null
  return crashPointPattern.test(point) ? { kind, point, passing: nth } : null
}
