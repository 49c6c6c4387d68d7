// Reads the environment and the flags, and nothing else reads them. All settings are checked as a
// whole: every mistake is listed at once, by the name that must be changed, and no secret is ever
// repeated in one. Leaves out: secrets kept in the data directory (adapters/data-directory.ts).

import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'

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
  logLevel: LogLevel
  kafkaBrokers?: string[]
  redisUrl?: string
  postgresUrl?: string
  /** For tests only: what is to go wrong, and when. */
  testFaults: TestFault[]
}
export type LogLevel = (typeof logLevels)[number]

export type TestFault =
  /** Die by SIGKILL when crash point `point` is passed for the `passing`th time. */
  | { kind: 'crash'; point: string; passing: number }
  /** Let the `attempt`th sync of the log fail. */
  | { kind: 'sync'; attempt: number }

/** What the command line gave, as text. A flag overrides the environment. */
export type SettingFlags = { port?: string; host?: string; data?: string; logLevel?: string }
export type Environment = Readonly<Record<string, string | undefined>>
export type SettingsRead =
  | { ok: true; settings: Settings }
  | { ok: false; mistakes: readonly string[] }

/** HS256 wants a key as long as its hash. */
export const secretBytesMin = 32
/** Far above any real key; a longer value is a file that was pasted by mistake. */
export const secretBytesMax = 4096
/** More than one user or address can ask of one process; beyond it, 0 (off) is meant. */
export const rateMax = 1_000_000
/** Two slips in a name: with more, the guess is more often wrong than right. */
const editsMax = 2
/** The crash points are numbered K1 to K30. */
const crashPointPattern = /^K([1-9]|[12][0-9]|30)$/

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export function environment(): Environment {
  return process.env
}

export function readSettings(env: Environment, flags: SettingFlags = {}): SettingsRead {
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
    logLevel: read('FIRSTCOME_LOG_LEVEL', logLevel) ?? 'info',
    testFaults: read('FIRSTCOME_TEST_FAULTS', testFaults) ?? [],
    ...optional('jwtSecret', read('FIRSTCOME_JWT_SECRET', secret)),
    ...optional('codeSecret', read('FIRSTCOME_CODE_SECRET', secret)),
    ...optional('kafkaBrokers', read('FIRSTCOME_KAFKA_BROKERS', brokers)),
    ...optional(
      'redisUrl',
      read('FIRSTCOME_REDIS_URL', (text) => url(text, redisSchemes)),
    ),
    ...optional(
      'postgresUrl',
      read('FIRSTCOME_POSTGRES_URL', (text) => url(text, sqlSchemes)),
    ),
  }
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, settings }
}

/** The settings that were given, but that the embedded profile has no use for. */
export function ignoredByEmbedded(settings: Settings): SettingName[] {
  const ignored: SettingName[] = []
  if (settings.kafkaBrokers !== undefined) ignored.push('FIRSTCOME_KAFKA_BROKERS')
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
  FIRSTCOME_KAFKA_BROKERS: 'a list host:port,host:port',
  FIRSTCOME_REDIS_URL: 'a URL that starts with redis:// or rediss://',
  FIRSTCOME_POSTGRES_URL: 'a URL that starts with postgres:// or postgresql://',
  FIRSTCOME_LOG_LEVEL: `one of ${logLevels.join(', ')}`,
  FIRSTCOME_TEST_FAULTS: 'a list of crash:K<1–30>:<nth passing> and sync:<nth sync>',
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
  if (name.endsWith('_URL')) return ''
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return `, not ${JSON.stringify(short)}`
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [name in Key]?: Value })
}

function wholeNumber(text: string, max: number): number | null {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value <= max ? value : null
}

function host(text: string): string | null {
  if (isIPv6(text)) return text
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(text) ? text : null
}

function directory(text: string): string | null {
  return text.trim() === '' || text.includes('\0') ? null : text
}

function secret(text: string): string | null {
  const bytes = Buffer.byteLength(text)
  return bytes >= secretBytesMin && bytes <= secretBytesMax ? text : null
}

function logLevel(text: string): LogLevel | null {
  return logLevels.find((level) => level === text) ?? null
}

function brokers(text: string): string[] | null {
  const list = text.split(',').map((broker) => broker.trim())
  return list.every(isBroker) ? list : null
}

function isBroker(text: string): boolean {
  const [, name, port] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})$/.exec(text) ?? []
  if (name === undefined || port === undefined) return false
  return Number(port) >= 1 && Number(port) <= 65_535
}

function url(text: string, schemes: readonly string[]): string | null {
  const parsed = URL.parse(text)
  if (parsed === null || !text.includes('://')) return null
  return schemes.includes(parsed.protocol) ? text : null
}

function testFaults(text: string): TestFault[] | null {
  const faults = text.split(',').map((fault) => testFault(fault.trim()))
  return faults.every((fault) => fault !== null) ? faults : null
}

function testFault(text: string): TestFault | null {
  const [kind, ...rest] = text.split(':')
  const nth = wholeNumber(rest.at(-1) ?? '', 999_999_999) ?? 0
  if (nth < 1) return null
  if (kind === 'sync' && rest.length === 1) return { kind, attempt: nth }
  const [point] = rest
  if (kind !== 'crash' || rest.length !== 2 || point === undefined) return null
  return crashPointPattern.test(point) ? { kind, point, passing: nth } : null
}

/** The known word with the fewest edits from `word`, or null where none is near. */
function nearestWord(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let fewest = editsMax + 1
  for (const candidate of known) {
    const edits = editDistance(word, candidate)
    if (edits >= fewest) continue
    nearest = candidate
    fewest = edits
  }
  return nearest
}

/** Letters to add, drop or change (Levenshtein), counted row by row. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      const edits = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + change,
      )
      current.push(edits)
    }
    above = current
  }
  return above.at(-1) ?? 0
}
