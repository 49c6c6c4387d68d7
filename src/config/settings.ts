// Reads the environment and the flags, and nothing else reads them. All settings are checked as a
// whole: every mistake is listed at once, by the name that must be changed, and no secret is ever
// repeated in one. Leaves out: secrets kept in the data directory (adapters/data-directory.ts).

import { resolve } from 'node:path'
import { nearestWord } from './nearest-word.ts'
import {
  bearerToken,
  brokers,
  count,
  directory,
  host,
  type LogLevel,
  logLevels,
  oneOf,
  orderTimeLimitSecondsMax,
  pemFile,
  plainHttpUrl,
  rateMax,
  type SaslMechanism,
  saslCharactersMax,
  saslMechanisms,
  saslText,
  secret,
  secretBytesMax,
  secretBytesMin,
  type TestFault,
  testFaults,
  tokenCharactersMax,
  trueOrFalse,
  url,
  wholeNumber,
} from './setting-values.ts'

export type Settings = {
  /** 0: any free port. */
  port: number
  host: string
  /** Absolute. */
  dataDirectory: string
  /** Absent: kept in the data directory. */
  jwtSecret?: string
  codeSecret?: string
  /** Requests per second; 0 is off. */
  userRateMax: number
  addressRateMax: number
  /** An order that has not ended so long after it was placed is cancelled. */
  orderTimeLimitSeconds: number
  logLevel: LogLevel
  kafka?: KafkaSettings
  /** Absent: no gate before the log. */
  redisUrl?: string
  postgresUrl?: string
  /** Absent: the built-in wallet. */
  payment?: PaymentSettings
  /** For tests only: what is to go wrong, and when. */
  testFaults: TestFault[]
}
/** The token is sent as a bearer token. */
export type PaymentSettings = { url: string; token?: string }
export type KafkaSettings = {
  brokers: readonly string[]
  /** Present: connections are encrypted. Each is PEM; absent `ca`: the one of the system. */
  tls?: { ca?: string; cert?: string; key?: string }
  sasl?: { mechanism: SaslMechanism; username: string; password: string }
}

/** What the command line gave, as text. A flag overrides the environment. */
export type SettingFlags = { port?: string; host?: string; data?: string; logLevel?: string }
export type Environment = Readonly<Record<string, string | undefined>>
/** What a command cannot do without. */
export type SettingNeeds = { command: string; names: readonly SettingName[] }
export type SettingsRead =
  | { ok: true; settings: Settings }
  | { ok: false; mistakes: readonly string[] }

/** By command. What is not listed works without, or asks for what it misses when it misses it. */
export const neededSettings: Readonly<Record<string, readonly SettingName[]>> = {
  api: [
    'FIRSTCOME_KAFKA_BROKERS',
    'FIRSTCOME_POSTGRES_URL',
    'FIRSTCOME_JWT_SECRET',
    'FIRSTCOME_CODE_SECRET',
  ],
  issuer: ['FIRSTCOME_KAFKA_BROKERS', 'FIRSTCOME_POSTGRES_URL', 'FIRSTCOME_CODE_SECRET'],
  orders: ['FIRSTCOME_KAFKA_BROKERS', 'FIRSTCOME_POSTGRES_URL'],
  migrate: ['FIRSTCOME_KAFKA_BROKERS', 'FIRSTCOME_POSTGRES_URL'],
}

export function environment(): Environment {
  return process.env
}

export function readSettings(
  env: Environment,
  flags: SettingFlags = {},
  needs?: SettingNeeds,
): SettingsRead {
  const mistakes = unknownNames(env)
  const given = givenTexts(env, flags)

  function read<T>(name: SettingName, parse: (text: string) => T | null): T | undefined {
    const entry = given.get(name)
    if (entry === undefined) return undefined
    const value = parse(entry.text)
    if (value !== null) return value
    mistakes.push(`${entry.from} must be ${allowed[name]}${found(name, entry.text)}`)
    return undefined
  }

  const settings: Settings = {
    port: read('FIRSTCOME_PORT', (text) => wholeNumber(text, 65_535)) ?? 8080,
    host: read('FIRSTCOME_HOST', host) ?? '127.0.0.1',
    dataDirectory: resolve(read('FIRSTCOME_DATA', directory) ?? './data'),
    userRateMax: read('FIRSTCOME_USER_RATE_MAX', (text) => wholeNumber(text, rateMax)) ?? 20,
    addressRateMax: read('FIRSTCOME_ADDRESS_RATE_MAX', (text) => wholeNumber(text, rateMax)) ?? 0,
    orderTimeLimitSeconds:
      read('FIRSTCOME_ORDER_TIME_LIMIT_SECONDS', (text) => count(text, orderTimeLimitSecondsMax)) ??
      30,
    logLevel: read('FIRSTCOME_LOG_LEVEL', (text) => oneOf(text, logLevels)) ?? 'info',
    testFaults: read('FIRSTCOME_TEST_FAULTS', testFaults) ?? [],
    ...optional('jwtSecret', read('FIRSTCOME_JWT_SECRET', secret)),
    ...optional('codeSecret', read('FIRSTCOME_CODE_SECRET', secret)),
    ...optional('kafka', readKafka(read)),
    ...optional(
      'redisUrl',
      read('FIRSTCOME_REDIS_URL', (text) => url(text, redisSchemes)),
    ),
    ...optional(
      'postgresUrl',
      read('FIRSTCOME_POSTGRES_URL', (text) => url(text, sqlSchemes)),
    ),
    ...optional('payment', readPayment(read)),
  }
  mistakes.push(...mistakesTogether(given, needs))
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, settings }
}

type Read = <T>(name: SettingName, parse: (text: string) => T | null) => T | undefined

function readKafka(read: Read): KafkaSettings | undefined {
  const list = read('FIRSTCOME_KAFKA_BROKERS', brokers)
  const encrypted = read('FIRSTCOME_KAFKA_TLS', trueOrFalse)
  const tls = {
    ...optional('ca', read('FIRSTCOME_KAFKA_TLS_CA_FILE', pemFile)),
    ...optional('cert', read('FIRSTCOME_KAFKA_TLS_CERT_FILE', pemFile)),
    ...optional('key', read('FIRSTCOME_KAFKA_TLS_KEY_FILE', pemFile)),
  }
  const mechanism = read('FIRSTCOME_KAFKA_SASL_MECHANISM', (text) => oneOf(text, saslMechanisms))
  const username = read('FIRSTCOME_KAFKA_SASL_USERNAME', saslText)
  const password = read('FIRSTCOME_KAFKA_SASL_PASSWORD', saslText)
  if (list === undefined) return undefined
  const signsIn = mechanism !== undefined && username !== undefined && password !== undefined
  return {
    brokers: list,
    ...(encrypted === true ? { tls } : {}),
    ...(signsIn ? { sasl: { mechanism, username, password } } : {}),
  }
}

function readPayment(read: Read): PaymentSettings | undefined {
  const address = read('FIRSTCOME_PAYMENT_URL', plainHttpUrl)
  const token = read('FIRSTCOME_PAYMENT_TOKEN', bearerToken)
  return address === undefined ? undefined : { url: address, ...optional('token', token) }
}

/** What is wrong with settings that are each right by themselves. */
function mistakesTogether(given: ReadonlyMap<SettingName, Given>, needs?: SettingNeeds): string[] {
  const mistakes: string[] = []
  for (const name of needs?.names ?? []) {
    if (!given.has(name)) mistakes.push(`${name} is missing: "${needs?.command}" needs it`)
  }
  for (const together of [saslNames, certificateNames]) {
    const has = together.find((name) => given.has(name))
    const missing = together.filter((name) => has !== undefined && !given.has(name))
    for (const name of missing) mistakes.push(`${name} is missing: ${has} goes with it`)
  }
  if (given.has('FIRSTCOME_PAYMENT_TOKEN') && !given.has('FIRSTCOME_PAYMENT_URL')) {
    mistakes.push('FIRSTCOME_PAYMENT_URL is missing: FIRSTCOME_PAYMENT_TOKEN goes with it')
  }
  const encrypted = given.get('FIRSTCOME_KAFKA_TLS')?.text
  for (const name of tlsFileNames) {
    if (!given.has(name) || encrypted === 'true') continue
    mistakes.push(`${name} is given, but FIRSTCOME_KAFKA_TLS is not true`)
  }
  return mistakes
}

const saslNames = [
  'FIRSTCOME_KAFKA_SASL_MECHANISM',
  'FIRSTCOME_KAFKA_SASL_USERNAME',
  'FIRSTCOME_KAFKA_SASL_PASSWORD',
] as const
const certificateNames = ['FIRSTCOME_KAFKA_TLS_CERT_FILE', 'FIRSTCOME_KAFKA_TLS_KEY_FILE'] as const
const tlsFileNames = ['FIRSTCOME_KAFKA_TLS_CA_FILE', ...certificateNames] as const

/** The settings that were given, but that the embedded profile has no use for. */
export function ignoredByEmbedded(settings: Settings): SettingName[] {
  const ignored: SettingName[] = []
  if (settings.kafka !== undefined) ignored.push('FIRSTCOME_KAFKA_BROKERS')
  if (settings.redisUrl !== undefined) ignored.push('FIRSTCOME_REDIS_URL')
  if (settings.postgresUrl !== undefined) ignored.push('FIRSTCOME_POSTGRES_URL')
  return ignored
}

export type SettingName = keyof typeof allowed

const allowed = {
  FIRSTCOME_PORT: 'a whole number from 0 to 65535 (0: any free port)',
  FIRSTCOME_HOST: 'an address or a host name to listen on, without a scheme or a port',
  FIRSTCOME_DATA: 'the path of a directory',
  FIRSTCOME_JWT_SECRET: `${secretBytesMin} to ${secretBytesMax} bytes long`,
  FIRSTCOME_CODE_SECRET: `${secretBytesMin} to ${secretBytesMax} bytes long`,
  FIRSTCOME_USER_RATE_MAX: `requests per second, 0 to ${rateMax} (0: no limit)`,
  FIRSTCOME_ADDRESS_RATE_MAX: `requests per second, 0 to ${rateMax} (0: no limit)`,
  FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: `seconds, 1 to ${orderTimeLimitSecondsMax}`,
  FIRSTCOME_KAFKA_BROKERS: 'a list host:port,host:port',
  FIRSTCOME_KAFKA_TLS: 'true or false',
  FIRSTCOME_KAFKA_TLS_CA_FILE: 'a file with certificates in PEM that can be read',
  FIRSTCOME_KAFKA_TLS_CERT_FILE: 'a file with a certificate in PEM that can be read',
  FIRSTCOME_KAFKA_TLS_KEY_FILE: 'a file with a key in PEM that can be read',
  FIRSTCOME_KAFKA_SASL_MECHANISM: `one of ${saslMechanisms.join(', ')}`,
  FIRSTCOME_KAFKA_SASL_USERNAME: `1 to ${saslCharactersMax} characters long`,
  FIRSTCOME_KAFKA_SASL_PASSWORD: `1 to ${saslCharactersMax} characters long`,
  FIRSTCOME_REDIS_URL: 'a URL that starts with redis:// or rediss://',
  FIRSTCOME_POSTGRES_URL: 'a URL that starts with postgres:// or postgresql://',
  FIRSTCOME_PAYMENT_URL: 'a URL that starts with http:// or https://, without a name or a password',
  FIRSTCOME_PAYMENT_TOKEN: `1 to ${tokenCharactersMax} visible ASCII characters long`,
  FIRSTCOME_LOG_LEVEL: `one of ${logLevels.join(', ')}`,
  FIRSTCOME_TEST_FAULTS: 'a list of crash:K<1–30>:<nth passing>, sync:<nth sync> and poison:<key>',
} as const

/** The setting each flag stands for. */
const flagNames = {
  port: ['--port', 'FIRSTCOME_PORT'],
  host: ['--host', 'FIRSTCOME_HOST'],
  data: ['--data', 'FIRSTCOME_DATA'],
  logLevel: ['--log-level', 'FIRSTCOME_LOG_LEVEL'],
} as const satisfies Record<keyof SettingFlags, readonly [string, SettingName]>

const redisSchemes = ['redis:', 'rediss:']
const sqlSchemes = ['postgres:', 'postgresql:']

function unknownNames(env: Environment): string[] {
  const known = Object.keys(allowed)
  return Object.keys(env)
    .filter((name) => name.startsWith('FIRSTCOME_') && !known.includes(name))
    .sort()
    .map((name) => {
      const meant = nearestWord(name, known)
      return `${name} is not a setting${meant === null ? '' : `; did you mean ${meant}?`}`
    })
}

type Given = { text: string; from: string }

function givenTexts(env: Environment, flags: SettingFlags): Map<SettingName, Given> {
  const given = new Map<SettingName, Given>()
  for (const name of Object.keys(allowed) as SettingName[]) {
    const text = env[name]
    if (text !== undefined) given.set(name, { text, from: name })
  }
  for (const [key, [flag, name]] of Object.entries(flagNames)) {
    const text = flags[key as keyof SettingFlags]
    if (text !== undefined) given.set(name, { text, from: flag })
  }
  return given
}

/** What was found instead, on one line. Secrets, and URLs that may hold one, are not shown. */
function found(name: SettingName, text: string): string {
  if (text === '') return '; it is empty'
  if (name.endsWith('_SECRET')) return `, not ${Buffer.byteLength(text)}`
  if (name.endsWith('_URL') || name.endsWith('_PASSWORD')) return ''
  if (name.endsWith('_TOKEN')) return ''
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return `, not ${JSON.stringify(short)}`
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [name in Key]?: Value })
}
