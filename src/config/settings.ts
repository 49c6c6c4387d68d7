// Reads the environment and the flags, and nothing else reads them. All settings are checked as a
// whole: every mistake is listed at once, by the name that must be changed, and no secret is ever
// repeated in one. Leaves out: secrets kept in the data directory (adapters/data-directory.ts).

import { closest, distance } from 'fastest-levenshtein'
import {
  givenTogether,
  type Kind,
  onlyDistributed,
  onlyWithTls,
  type SaslMechanism,
  type SettingName,
  type SettingValues,
  settingFlags,
  settingNames,
  settingTable,
} from './setting-table.ts'

export type Settings = ReturnType<typeof settingsOf>
/** The token is sent as a bearer token. */
export type PaymentSettings = { url: string; token?: string }
export type KafkaSettings = {
  brokers: readonly string[]
  /** Present: connections are encrypted. Each is PEM; absent `ca`: the one of the system. */
  tls?: { ca?: string; cert?: string; key?: string }
  sasl?: { mechanism: SaslMechanism; username: string; password: string }
}

/** What the command line gave, as text. A flag overrides the environment. */
export type SettingFlags = { [Key in keyof typeof settingFlags]?: string }
export type Environment = Readonly<Record<string, string | undefined>>
/** What a command cannot do without. */
export type SettingNeeds = { command: string; names: readonly SettingName[] }
export type SettingsRead =
  | { ok: true; settings: Settings }
  | { ok: false; mistakes: readonly string[] }

/** Two slips in a name: with more, the guess is more often wrong than right. */
const editsMax = 2

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
  return { ok: true, settings: settingsOf(Object.fromEntries(values) as SettingValues) }
}

/** As the roles know them; where a setting has no value, its key is absent. */
function settingsOf(value: SettingValues) {
  return present({
    port: value.FIRSTCOME_PORT,
    host: value.FIRSTCOME_HOST,
    dataDirectory: value.FIRSTCOME_DATA,
    jwtSecret: value.FIRSTCOME_JWT_SECRET,
    codeSecret: value.FIRSTCOME_CODE_SECRET,
    userRateMax: value.FIRSTCOME_USER_RATE_MAX,
    operatorRateMax: value.FIRSTCOME_OPERATOR_RATE_MAX,
    addressRateMax: value.FIRSTCOME_ADDRESS_RATE_MAX,
    orderTimeLimitSeconds: value.FIRSTCOME_ORDER_TIME_LIMIT_SECONDS,
    logLevel: value.FIRSTCOME_LOG_LEVEL,
    kafka: kafkaOf(value),
    redisUrl: value.FIRSTCOME_REDIS_URL,
    postgresUrl: value.FIRSTCOME_POSTGRES_URL,
    payment: paymentOf(value),
    testFaults: value.FIRSTCOME_TEST_FAULTS ?? [],
  })
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

function paymentOf(value: SettingValues): PaymentSettings | undefined {
  const { FIRSTCOME_PAYMENT_URL: url, FIRSTCOME_PAYMENT_TOKEN: token } = value
  return url === undefined ? undefined : present({ url, token })
}

type Given = { text: string; from: string }

function givenTexts(env: Environment, flags: SettingFlags): Map<SettingName, Given> {
  const given = new Map<SettingName, Given>()
  for (const name of settingNames) {
    const text = env[name]
    // What is empty is not given: compose files and charts pass on what nobody has set.
    if (text === undefined || text === '' || isServiceLink(name, text)) continue
    given.set(name, { text, from: name })
  }
  for (const [key, [flag, name]] of Object.entries(settingFlags)) {
    const text = flags[key as keyof SettingFlags]
    if (text !== undefined) given.set(name, { text, from: flag.split(' ', 1).join() })
  }
  return given
}

/** What Kubernetes tells every pod of a service whose name begins like ours. */
function isServiceLink(name: string, text: string): boolean {
  const links = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
  return links.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
}

function unknownNames(env: Environment): string[] {
  const known: readonly string[] = settingNames
  return Object.keys(env)
    .filter((name) => name.startsWith('FIRSTCOME_') && !known.includes(name))
    .filter((name) => !isServiceLink(name, env[name] ?? ''))
    .sort()
    .map((name) => {
      const meant = closest(name, known)
      const guess = distance(name, meant) > editsMax ? '' : `; did you mean ${meant}?`
      return `${name} is not a setting${guess}`
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
  if (given.get('FIRSTCOME_KAFKA_TLS')?.text === 'true') return [...needed, ...apart]
  const unencrypted = onlyWithTls
    .filter((name) => given.has(name))
    .map((name) => `${name} is given, but FIRSTCOME_KAFKA_TLS is not true`)
  return [...needed, ...apart, ...unencrypted]
}

/** The settings that were given, but that the embedded profile has no use for. */
export function ignoredByEmbedded({ kafka, redisUrl, postgresUrl }: Settings): SettingName[] {
  const values = [kafka, redisUrl, postgresUrl]
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
