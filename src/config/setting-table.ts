// Every setting, one line each. The types, the reading, the mistakes and the help texts come from
// here: a new setting is a line here and, where it has a place of its own among the settings, one
// in `settingsOf` (settings.ts). docs/reference.md has the same table for people; a test compares.

import {
  bearerToken,
  brokers,
  directory,
  flag,
  host,
  type Kind,
  logLevel,
  orderTimeLimit,
  pemFile,
  port,
  postgresUrl,
  rate,
  redisUrl,
  saslMechanism,
  saslName,
  saslPassword,
  secret,
  serviceUrl,
  testFaults,
} from './setting-values.ts'

/** `fallback`: the text that counts where none is given; null: then there is no value. */
type Row = readonly [kind: Kind<unknown>, fallback: string | null, help: string]

export const settingTable = {
  FIRSTCOME_PORT: [port, '8080', 'the port to listen on, 0 for any free one'],
  FIRSTCOME_HOST: [host, '127.0.0.1', 'the address to listen on'],
  FIRSTCOME_DATA: [directory, './data', 'the data directory; one process owns it at a time'],
  FIRSTCOME_JWT_SECRET: [secret, null, 'signs tokens, 32 bytes or more; the same for every node'],
  FIRSTCOME_CODE_SECRET: [secret, null, 'makes coupon codes: the same everywhere and for ever'],
  FIRSTCOME_USER_RATE_MAX: [rate, '20', 'requests per second of one user at a node; 0: no limit'],
  FIRSTCOME_ADDRESS_RATE_MAX: [rate, '0', 'requests per second of one address; 0: no limit'],
  FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: [orderTimeLimit, '30', 'until an open order is cancelled'],
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
  FIRSTCOME_LOG_LEVEL: [logLevel, 'info', 'how much to log'],
  FIRSTCOME_TEST_FAULTS: [testFaults, null, 'for tests only: what is to go wrong, and when'],
} as const satisfies Record<string, Row>

export type SettingName = keyof typeof settingTable
export const settingNames = Object.keys(settingTable) as SettingName[]

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
} as const satisfies Record<string, readonly [flag: string, SettingName]>

const distributed: readonly SettingName[] = ['FIRSTCOME_KAFKA_BROKERS', 'FIRSTCOME_POSTGRES_URL']
/** By command. What is not listed works without, or asks for what it misses when it misses it. */
export const neededSettings: Readonly<Record<string, readonly SettingName[]>> = {
  api: [...distributed, 'FIRSTCOME_JWT_SECRET', 'FIRSTCOME_CODE_SECRET'],
  issuer: [...distributed, 'FIRSTCOME_CODE_SECRET'],
  orders: distributed,
  migrate: distributed,
}

const listening = /_(PORT|HOST|LOG_LEVEL)$/
const kafkaAndSql = /_(KAFKA_\w+|POSTGRES_URL)$/
const claims = /_(\w+_SECRET|\w+_RATE_MAX|ORDER_TIME_LIMIT_SECONDS)$/
/** The settings that the help of a command explains. */
export const helpedSettings: Readonly<Record<string, readonly RegExp[]>> = {
  start: [listening, /_DATA$/, claims, /_PAYMENT_\w+$/],
  migrate: [kafkaAndSql],
  api: [listening, kafkaAndSql, /_REDIS_URL$/, claims],
  issuer: [listening, kafkaAndSql, /_CODE_SECRET$/],
  orders: [listening, kafkaAndSql, /_PAYMENT_\w+$/],
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
/** Without FIRSTCOME_KAFKA_TLS they would be taken for granted and do nothing. */
export const onlyWithTls: readonly SettingName[] = ['FIRSTCOME_KAFKA_TLS_CA_FILE', ...certificate]
/** The embedded profile has no use for these. */
export const onlyDistributed: readonly SettingName[] = [
  'FIRSTCOME_KAFKA_BROKERS',
  'FIRSTCOME_REDIS_URL',
  'FIRSTCOME_POSTGRES_URL',
]
