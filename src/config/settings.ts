// Reads the environment and the flags, and nothing else reads them. All settings are checked as a
// whole: every mistake is listed at once, by the name that must be changed, and no secret is ever
// repeated in one. Leaves out: what is given at all (given-texts.ts), and secrets kept in the data
// directory (adapters/data-directory.ts).

import type { TokenRules } from '../ports/tokens.ts'
import { type Environment, type Given, givenTexts, type SettingFlags } from './given-texts.ts'
import {
  givenTogether,
  type Kind,
  mayBeInFile,
  notTogether,
  onlyDistributed,
  onlyWith,
  proofRoles,
  type SaslMechanism,
  type SettingName,
  type SettingValues,
  settingNames,
  settingTable,
} from './setting-table.ts'

export type Settings = ReturnType<typeof settingsOf>
export type PostgresSettings = {
  url: string
  /** Present: encrypted, whatever the URL says. PEM; absent `ca`: the one of the system. */
  tls?: { ca?: string }
}
/** The token is sent as a bearer token. */
export type PaymentSettings = {
  url: string
  token?: string
  /** Requests to it at once. */
  requestsMax?: number
  /** For one of its answers. */
  requestMsMax?: number
}
/** Where the keys of an identity provider are. */
export type KeySetSettings = { url: string } | { path: string }
export type KafkaSettings = {
  brokers: readonly string[]
  /** Present: connections are encrypted. Each is PEM; absent `ca`: the one of the system. */
  tls?: { ca?: string; cert?: string; key?: string }
  sasl?: { mechanism: SaslMechanism; username: string; password: string }
}

/** What a command cannot do without. */
export type SettingNeeds = { command: string; names: readonly SettingName[] }
export type SettingsRead =
  | { ok: true; settings: Settings; warnings: readonly string[] }
  | { ok: false; mistakes: readonly string[] }

export function environment(): Environment {
  return process.env
}

export function readSettings(
  env: Environment,
  flags: SettingFlags = {},
  needs?: SettingNeeds,
): SettingsRead {
  const { given, mistakes } = givenTexts(env, flags)
  const values = settingNames.map((name) => {
    const [kind, fallback]: readonly [Kind<unknown>, string | null, string] = settingTable[name]
    const text = given.get(name)?.text ?? fallback
    const value = text === null ? null : kind.read(text)
    const from = given.get(name)?.from
    if (from !== undefined && text !== null && value === null) {
      mistakes.push(`${from} must be ${kind.must}${found(kind, text)}`)
    }
    return [name, value ?? undefined]
  })
  mistakes.push(...mistakesTogether(given, needs))
  if (mistakes.length > 0) return { ok: false, mistakes }
  const settings = settingsOf(Object.fromEntries(values) as SettingValues)
  return { ok: true, settings, warnings: spacedSecrets(given) }
}

/** As the roles know them; where a setting has no value, its key is absent. */
function settingsOf(value: SettingValues) {
  return present({
    port: value.FIRSTCOME_PORT,
    host: value.FIRSTCOME_HOST,
    dataDirectory: value.FIRSTCOME_DATA,
    jwtSecret: value.FIRSTCOME_JWT_SECRET,
    tokenRules: tokenRulesOf(value),
    keySet: keySetOf(value),
    codeSecret: value.FIRSTCOME_CODE_SECRET,
    makesProof: value.FIRSTCOME_PROOF,
    proofOrigin: value.FIRSTCOME_PROOF_ORIGIN,
    proofKey: value.FIRSTCOME_PROOF_KEY,
    proofSecret: value.FIRSTCOME_PROOF_SECRET,
    proofWitnesses: value.FIRSTCOME_PROOF_WITNESSES,
    userRateMax: value.FIRSTCOME_USER_RATE_MAX,
    operatorRateMax: value.FIRSTCOME_OPERATOR_RATE_MAX,
    addressRateMax: value.FIRSTCOME_ADDRESS_RATE_MAX,
    orderTimeLimitSeconds: value.FIRSTCOME_ORDER_TIME_LIMIT_SECONDS,
    returnDays: value.FIRSTCOME_RETURN_DAYS,
    reservationSeconds: value.FIRSTCOME_RESERVATION_SECONDS,
    closedCouponHours: value.FIRSTCOME_CLOSED_COUPON_HOURS,
    logLevel: value.FIRSTCOME_LOG_LEVEL,
    kafka: kafkaOf(value),
    redisUrl: value.FIRSTCOME_REDIS_URL,
    postgres: postgresOf(value),
    allowedOrigins: value.FIRSTCOME_ALLOWED_ORIGINS,
    consoleStreamsMax: value.FIRSTCOME_CONSOLE_STREAMS_MAX,
    signInUrl: value.FIRSTCOME_SIGN_IN_URL,
    isDemo: value.FIRSTCOME_DEMO,
    keepAliveSeconds: value.FIRSTCOME_KEEP_ALIVE_SECONDS,
    drainSeconds: value.FIRSTCOME_DRAIN_SECONDS,
    payment: paymentOf(value),
    testFaults: value.FIRSTCOME_TEST_FAULTS ?? [],
  })
}

function tokenRulesOf(value: SettingValues): TokenRules {
  return present({
    issuer: value.FIRSTCOME_JWT_ISSUER,
    audience: value.FIRSTCOME_JWT_AUDIENCE,
    userClaim: value.FIRSTCOME_JWT_USER_CLAIM,
    scopeClaim: value.FIRSTCOME_JWT_SCOPE_CLAIM,
  })
}

function keySetOf(value: SettingValues): KeySetSettings | undefined {
  const { FIRSTCOME_JWKS_URL: url, FIRSTCOME_JWKS_FILE: path } = value
  if (url !== undefined) return { url }
  return path === undefined ? undefined : { path }
}

function kafkaOf(value: SettingValues): KafkaSettings | undefined {
  const { FIRSTCOME_KAFKA_BROKERS: brokers, FIRSTCOME_KAFKA_SASL_MECHANISM: mechanism } = value
  if (brokers === undefined) return undefined
  const tls = present({
    ca: value.FIRSTCOME_KAFKA_TLS_CA_FILE,
    cert: value.FIRSTCOME_KAFKA_TLS_CERT_FILE,
    key: value.FIRSTCOME_KAFKA_TLS_KEY_FILE,
  })
  const username = value.FIRSTCOME_KAFKA_SASL_USERNAME ?? ''
  const password = value.FIRSTCOME_KAFKA_SASL_PASSWORD ?? ''
  return present({
    brokers,
    tls: value.FIRSTCOME_KAFKA_TLS ? tls : undefined,
    sasl: mechanism && { mechanism, username, password },
  })
}

function postgresOf(value: SettingValues): PostgresSettings | undefined {
  const { FIRSTCOME_POSTGRES_URL: url, FIRSTCOME_POSTGRES_TLS_CA_FILE: ca } = value
  if (url === undefined) return undefined
  return present({ url, tls: value.FIRSTCOME_POSTGRES_TLS ? present({ ca }) : undefined })
}

function paymentOf(value: SettingValues): PaymentSettings | undefined {
  const { FIRSTCOME_PAYMENT_URL: url, FIRSTCOME_PAYMENT_TOKEN: token } = value
  const requestsMax = value.FIRSTCOME_PAYMENTS_AT_ONCE
  const seconds = value.FIRSTCOME_PAYMENT_TIMEOUT_SECONDS
  const requestMsMax = seconds === undefined ? undefined : 1_000 * seconds
  return url === undefined ? undefined : present({ url, token, requestsMax, requestMsMax })
}

/** Editors and `echo` end a file with a line end, which whoever signs tokens may not have. */
function spacedSecrets(given: ReadonlyMap<SettingName, Given>): string[] {
  return settingNames.filter(mayBeInFile).flatMap((name) => {
    const { text = '', from } = given.get(name) ?? {}
    // PEM ends with one.
    if (text === text.trim() || name === 'FIRSTCOME_PROOF_KEY') return []
    return [`${from} has white space at an end, which counts as a part of it`]
  })
}

/** What was found instead, on one line. */
function found(kind: Kind<unknown>, text: string): string {
  if (text === '') return '; it is empty'
  if (kind.found !== undefined) return kind.found(text)
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return `, not ${JSON.stringify(short)}`
}

/** What is wrong with settings that are each right by themselves. */
function mistakesTogether(given: ReadonlyMap<SettingName, Given>, needs?: SettingNeeds): string[] {
  const absent = (name: SettingName) => !given.has(name)
  const needed = (needs?.names ?? [])
    .filter(absent)
    .map((name) => `${name} is missing: "${needs?.command}" needs it`)
  const apart = givenTogether.flatMap(({ any, all }) => {
    const has = any.find((name) => given.has(name))
    if (has === undefined) return []
    return all.filter(absent).map((name) => `${name} is missing: ${has} goes with it`)
  })
  const doubled = notTogether
    .filter((names) => !names.some(absent))
    .map(([one, other]) => `${one} and ${other} are given: only one of them may be`)
  const unencrypted = onlyWith.flatMap(([flag, names]) => {
    if (given.get(flag)?.text === 'true') return []
    return names
      .filter((name) => given.has(name))
      .map((name) => `${name} is given, but ${flag} is not true`)
  })
  const mechanism: SettingName = 'FIRSTCOME_KAFKA_SASL_MECHANISM'
  const isPlain = given.get(mechanism)?.text === 'PLAIN'
  const readable =
    isPlain && given.get('FIRSTCOME_KAFKA_TLS')?.text !== 'true'
      ? [`${mechanism} is PLAIN, which anybody can read without FIRSTCOME_KAFKA_TLS`]
      : []
  return [
    ...needed,
    ...apart,
    ...doubled,
    ...unencrypted,
    ...readable,
    ...unproved(given, needs),
    ...mistakenDemo(given, needs),
  ]
}

/** Behind a proxy it would hand out real coupons to anybody. */
function mistakenDemo(given: ReadonlyMap<SettingName, Given>, needs?: SettingNeeds): string[] {
  if (needs?.command !== 'api' || given.get('FIRSTCOME_DEMO')?.text !== 'true') return []
  return ['FIRSTCOME_DEMO is true: only "start" is for trying out']
}

/** Where several nodes sign under one name, each is given the key and the secret. */
function unproved(given: ReadonlyMap<SettingName, Given>, needs?: SettingNeeds): string[] {
  const origin: SettingName = 'FIRSTCOME_PROOF_ORIGIN'
  const isOff = given.get('FIRSTCOME_PROOF')?.text === 'false'
  if (isOff || !given.has(origin) || !proofRoles.includes(needs?.command ?? '')) return []
  const names: readonly SettingName[] = ['FIRSTCOME_PROOF_KEY', 'FIRSTCOME_PROOF_SECRET']
  return names
    .filter((name) => !given.has(name))
    .map((name) => `${name} is missing: ${origin} goes with it`)
}

/** The settings that were given, but that the embedded profile has no use for. */
export function ignoredByEmbedded({ kafka, redisUrl, postgres }: Settings): SettingName[] {
  const values = [kafka, redisUrl, postgres]
  return onlyDistributed.filter((_, index) => values[index] !== undefined)
}

type OptionalKey<T> = { [Key in keyof T]: undefined extends T[Key] ? Key : never }[keyof T]
type Present<T> = Omit<T, OptionalKey<T>> & {
  [Key in OptionalKey<T>]?: Exclude<T[Key], undefined>
}

/** Without the keys that have no value. */
export function present<T extends object>(all: T): Present<T> {
  const entries = Object.entries(all).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Present<T>
}
