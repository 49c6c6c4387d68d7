// The directory one embedded service owns: its lock, who holds it, and its secrets.
// The lock is the operating system's, through SQLite: it dies with its process, so a killed
// holder never blocks and a stopped one is never robbed. POSIX drops such a lock as soon as the
// process closes ANY descriptor of the file: never open lock.db by other means than this one.
// A code secret that was used once is pinned: with another one, coupon codes would change.

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { codeSecretFingerprint } from '../domain/fingerprint.ts'
import { formatInstant } from '../domain/time.ts'
import { messageOf } from '../ports/port-error.ts'
import { syncDirectory, writeFileAtomically } from './file-atomic.ts'
import { proofIdentityFile } from './proof-identity-file.ts'
import { keptCheckpointsFile } from './published-checkpoints.ts'

/** `proofKey`: PKCS #8 in PEM. */
export type Secrets = Record<(typeof secretNames)[number], string>
/** `startedAt` is RFC 3339; `url` is there once the service listens. */
export type Owner = { pid: number; startedAt: string; url?: string }

export type DataDirectory = {
  /** Absolute. */
  path: string
  /** Those given, else those kept in the directory. */
  secrets: Secrets
  /** Nothing was here before. */
  firstRun: boolean
  /** Lets the command line find the service. */
  announce(url: string): void
  /** Gives the lock back. Idempotent. */
  close(): void
}

export class DataDirectoryError extends Error {
  readonly code: DataDirectoryErrorCode
  /** Whether the same call may succeed once another process has ended. */
  readonly retryable: boolean

  constructor(code: DataDirectoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DataDirectoryError'
    this.code = code
    this.retryable = code === 'in_use'
  }
}
export type DataDirectoryErrorCode =
  | 'in_use' // another process holds the lock
  | 'unusable' // cannot be made, read or written
  | 'secrets_damaged' // secrets.json is there and cannot be used
  | 'code_secret_changed' // not the one that earlier codes were derived from

/** Of each secret, as for those from the environment (config.ts). */
export const secretBytesMin = 32
/** 256 bits: as long as the hash of HS256. Written as 43 characters. */
const drawnSecretBytes = 32

/** `given`: secrets from the environment; they win over the kept ones and are never written. */
export function openDataDirectory(given: {
  path: string
  secrets?: Partial<Secrets>
  /** Milliseconds UTC; stands in owner.json. */
  now: number
}): DataDirectory {
  const held = holdDirectory(given)
  try {
    return { ...settleSecrets(held.path, given.secrets ?? {}), ...held }
  } catch (error) {
    held.close()
    throw error
  }
}

/** Only the lock, of who keeps something else there than a service. */
export function holdDirectory(given: {
  path: string
  now: number
}): Pick<DataDirectory, 'path' | 'announce' | 'close'> {
  const path = resolve(given.path)
  orUnusable(path, () => makeDirectory(path))
  const lock = takeLock(path)
  const owner: Owner = { pid: process.pid, startedAt: formatInstant(given.now) }
  return { path, ...hold(path, lock, owner) }
}

/** Who holds, or last held, the directory; null where nobody is named. Takes no lock. */
export function readOwner(path: string): Owner | null {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(path, ownerFile), 'utf8'))
    return isOwner(owner) ? owner : null
  } catch {
    return null
  }
}

/** The kept secrets; empty where there are none yet. Takes no lock. */
export function readSecrets(path: string): Partial<Secrets> {
  const text = orUnusable(path, () => readIfThere(join(path, secretsFile)))
  if (text === null) return {}
  let kept: unknown
  try {
    kept = JSON.parse(text)
  } catch (cause) {
    throw damagedSecrets(path, 'is not JSON', cause)
  }
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) {
    throw damagedSecrets(path, 'is not a JSON object')
  }
  const secrets: Partial<Secrets> = {}
  for (const name of secretNames) {
    const secret: unknown = (kept as Record<string, unknown>)[name]
    if (secret === undefined) continue
    if (typeof secret !== 'string' || Buffer.byteLength(secret) < secretBytesMin) {
      throw damagedSecrets(path, `has a ${name} of less than ${secretBytesMin} bytes`)
    }
    secrets[name] = secret
  }
  return secrets
}

/** In place of the one that is kept. Of who holds the directory. `pem`: PKCS #8. */
export function keepProofKey(path: string, pem: string): void {
  orUnusable(path, () => writeSecrets(path, { ...readSecrets(path), proofKey: pem }))
}

const lockFile = 'lock.db'
const ownerFile = 'owner.json'
const secretsFile = 'secrets.json'
const codeSecretMarkFile = 'code-secret.sha256'
/** What belongs to the log in a copy of it. */
export const keptFiles: readonly string[] = [
  secretsFile,
  codeSecretMarkFile,
  proofIdentityFile,
  keptCheckpointsFile,
]
const secretNames = ['jwtSecret', 'codeSecret', 'proofKey', 'proofSecret'] as const
/** The low byte of SQLite's error code; the rest says why. */
const sqliteBusy = 5

/** Only its owner may look in. The parents are synced, or a power cut could take it all away. */
function makeDirectory(path: string): void {
  // Of the whole process: the rows' files are made by PGlite, which asks for more.
  process.umask(othersMay)
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return keepToOwner(path)
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    syncDirectory(dirname(made))
  }
}

const othersMay = 0o077

/**
 * Somebody else may have made it, or let others in: whoever can read the lock's file can hold the
 * service up. What belongs to another user is left as it is.
 */
function keepToOwner(path: string): void {
  for (const name of ['.', ...readdirSync(path)]) {
    const found = join(path, name)
    const status = lstatSync(found, { throwIfNoEntry: false })
    if (status === undefined || status.isSymbolicLink()) continue
    const { mode, uid } = status
    if ((mode & othersMay) === 0 || uid !== process.getuid?.()) continue
    chmodSync(found, mode & ~othersMay & 0o7777)
  }
}

/** Ten seconds at most: on a busy machine the threads of a killed process take their time. */
const [endingWaitMs, endingWaitsMax] = [20, 500]

/** Of a holder that was killed and is still ending the lock is waited for. */
function takeLock(path: string): DatabaseSync {
  for (let waits = 0; ; waits++) {
    // Looked up before: one that ends meanwhile has given the lock back.
    const isEnding = isEndingProcess(readOwner(path)?.pid)
    const lock = tryLock(path)
    if (lock instanceof DatabaseSync) return lock
    if (!isEnding || waits >= endingWaitsMax) throw lock
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, endingWaitMs)
  }
}

/** An error: somebody has it. */
function tryLock(path: string): DatabaseSync | DataDirectoryError {
  let lock: DatabaseSync | undefined
  try {
    // No journal: the lock must not need room on the disk, and nothing is ever written. SQLite's
    // defensive mode, which Node turns on by itself, would not hear of it.
    lock = new DatabaseSync(join(path, lockFile), { timeout: 0, defensive: false })
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock?.close()
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 !== sqliteBusy)
      throw unusable(path, cause)
    return inUse(path, cause)
  }
}

function inUse(path: string, cause: unknown): DataDirectoryError {
  const owner = readOwner(path)
  const holder =
    owner === null || !isAlive(owner.pid)
      ? 'another process, which has not told its pid yet or runs in another container'
      : `process ${owner.pid}${owner.url === undefined ? '' : `, which serves ${owner.url}`}`
  const message = `the data directory ${path} is in use by ${holder}`
  return new DataDirectoryError('in_use', message, { cause })
}

/** Linux says so: its first thread has ended, or a SIGKILL is on its way to it. */
function isEndingProcess(pid: number | undefined): boolean {
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // Gone, also in the middle of reading; or not for this user to see.
    return false
  }
  const [, pending = '0'] = /^SigPnd:\s*([0-9a-f]+)$/m.exec(status) ?? []
  const isKilled = (BigInt(`0x${pending}`) & sigkillBit) !== 0n
  return isKilled || /^State:\s*[ZX]/m.test(status)
}

const sigkillBit = 1n << BigInt(constants.signals.SIGKILL - 1)

/** Also of processes that belong to somebody else (EPERM). */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function hold(
  path: string,
  lock: DatabaseSync,
  owner: Owner,
): Pick<DataDirectory, 'announce' | 'close'> {
  let open = true
  function close(): void {
    if (!open) return
    open = false
    process.off('exit', close)
    // Before the lock is free: afterwards owner.json may already be somebody else's.
    rmSync(join(path, ownerFile), { force: true })
    lock.close()
  }
  writeOwner(path, owner)
  // Also keeps the connection from being collected as garbage, and the lock lost with it.
  process.on('exit', close)
  return {
    announce: (url) => writeOwner(path, { ...owner, url }),
    close,
  }
}

/** Only tells people and the command line where to look: a full disk must not stop a start. */
function writeOwner(path: string, owner: Owner): void {
  const file = join(path, ownerFile)
  try {
    writeFileAtomically(file, `${JSON.stringify(owner)}\n`)
  } catch {
    rmSync(file, { force: true })
  }
}

function settleSecrets(
  path: string,
  given: Partial<Secrets>,
): Pick<DataDirectory, 'secrets' | 'firstRun'> {
  const kept = readSecrets(path)
  const mark = orUnusable(path, () => readIfThere(join(path, codeSecretMarkFile)))
  if (mark !== null && given.codeSecret === undefined && kept.codeSecret === undefined) {
    throw codeSecretChanged(path, `${secretsFile} does not hold it and none was given`)
  }
  const secretOf = (name: keyof Secrets) => given[name] ?? kept[name] ?? drawn(name)
  const secrets = Object.fromEntries(secretNames.map((name) => [name, secretOf(name)])) as Secrets
  const { codeSecret } = secrets
  if (mark !== null && mark.trim() !== codeSecretFingerprint(codeSecret)) {
    throw codeSecretChanged(path, 'another one is given now')
  }

  const wanted: Partial<Secrets> = { ...kept }
  for (const name of secretNames) if (given[name] === undefined) wanted[name] = secrets[name]
  orUnusable(path, () => {
    if (Object.keys(wanted).length > Object.keys(kept).length) writeSecrets(path, wanted)
    if (mark === null)
      writeFileAtomically(join(path, codeSecretMarkFile), `${codeSecretFingerprint(codeSecret)}\n`)
  })
  return { secrets, firstRun: mark === null }
}

function writeSecrets(path: string, secrets: Partial<Secrets>): void {
  writeFileAtomically(join(path, secretsFile), `${JSON.stringify(secrets, null, 2)}\n`)
  const kept = readSecrets(path)
  if (secretNames.some((name) => kept[name] !== secrets[name])) {
    throw damagedSecrets(path, 'does not read back as it was written')
  }
}

function drawn(name: keyof Secrets): string {
  if (name !== 'proofKey') return drawSecret()
  const { privateKey } = generateKeyPairSync('ed25519')
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

function drawSecret(): string {
  return randomBytes(drawnSecretBytes).toString('base64url')
}

function damagedSecrets(path: string, what: string, cause?: unknown): DataDirectoryError {
  const message =
    `${join(path, secretsFile)} ${what}: put a good copy back, or set ` +
    'FIRSTCOME_JWT_SECRET and FIRSTCOME_CODE_SECRET and move it away'
  return new DataDirectoryError('secrets_damaged', message, { cause })
}

function codeSecretChanged(path: string, what: string): DataDirectoryError {
  const message =
    `the codes of the coupons in ${path} were derived from another code secret (${what}): ` +
    'with a new one they would all change; give the one they were started with'
  return new DataDirectoryError('code_secret_changed', message)
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function orUnusable<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : unusable(path, error)
  }
}

function unusable(path: string, cause: unknown): DataDirectoryError {
  const message = `the data directory ${path} cannot be used: ${messageOf(cause)}`
  return new DataDirectoryError('unusable', message, { cause })
}

function isOwner(value: unknown): value is Owner {
  if (typeof value !== 'object' || value === null) return false
  const { pid, startedAt, url } = value as Record<string, unknown>
  if (!Number.isSafeInteger(pid) || (pid as number) < 1 || typeof startedAt !== 'string') {
    return false
  }
  return url === undefined || typeof url === 'string'
}
