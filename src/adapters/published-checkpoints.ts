// The checkpoints that one process has published, in a file beside its log: what was published
// binds for ever, and the rows may be deleted at any time. Appended and synced before anybody is
// shown one. A line that a crash has cut was never served, and is cut off.

import { existsSync, readFileSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withSignaturesOf } from '../domain/proof/cosignature.ts'
import { PortError } from '../ports/port-error.ts'
import type { ProofStore, PublishedCheckpoint } from '../ports/proof.ts'
import { isNoRoom } from './disk-room.ts'
import { syncDirectory } from './file-atomic.ts'

export type KeptCheckpoints = {
  /** Resolves when they are on the disk; a PortError that can be tried again: it is full. */
  keep(checkpoints: readonly PublishedCheckpoint[]): Promise<void>
  close(): Promise<void>
}

export const keptCheckpointsFile = 'proof-checkpoints.jsonl'

/** Of a directory that this process owns. First what the rows and the file lack of each other. */
export async function openKeptCheckpoints(
  directory: string,
  store: Pick<ProofStore, 'published' | 'publish' | 'load' | 'drop'>,
): Promise<KeptCheckpoints> {
  const path = join(directory, keptCheckpointsFile)
  const isNew = !existsSync(path)
  const kept = readKeptCheckpoints(directory)
  const file = await open(path, 'a', 0o600)
  if (isNew) syncDirectory(dirname(path))
  async function append(checkpoints: readonly PublishedCheckpoint[]): Promise<void> {
    const { size } = await file.stat()
    try {
      await file.appendFile(checkpoints.map((one) => `${JSON.stringify(one)}\n`).join(''))
    } catch (cause) {
      if (!isNoRoom(cause)) throw cause
      // What went in is no line, and would stand before the next one.
      await file.truncate(size)
      const text = `${path} cannot be written: no room is left on the disk`
      throw new PortError('log_full', text, { cause, retryable: true, appended: 'no' })
    }
    await file.datasync()
  }
  let before: Promise<unknown> = Promise.resolve()
  /** One after the other: a file takes one writer at a time. */
  function keep(checkpoints: readonly PublishedCheckpoint[]): Promise<void> {
    const appended = before.then(() => append(checkpoints))
    before = appended.catch(() => {})
    return appended
  }
  await settle({ kept, keep, store })
  return { keep, close: () => file.close() }
}

/** All of them, of a directory that this process owns. */
export function readKeptCheckpoints(directory: string): PublishedCheckpoint[] {
  const path = join(directory, keptCheckpointsFile)
  return existsSync(path) ? readKept(path) : []
}

type Settling = Pick<KeptCheckpoints, 'keep'> & {
  kept: readonly PublishedCheckpoint[]
  store: Parameters<typeof openKeptCheckpoints>[1]
}

async function settle({ kept, keep, store }: Settling): Promise<void> {
  const stored = await store.published()
  const inRows = new Set(stored.map(nameOf))
  const inFile = new Set(kept.map(nameOf))
  const unstored = kept.filter((one) => !inRows.has(nameOf(one)))
  const unkept = stored.filter((one) => !inFile.has(nameOf(one)))
  if (unkept.length > 0) await keep(unkept)
  if (unstored.length === 0) return
  const partitions = [...new Set(unstored.map(({ partition }) => partition))]
  const { trees } = await store.load(partitions, '')
  const sizes = new Map(trees.map(({ couponId, tree }) => [couponId, tree.size]))
  // Nobody has compared it with these trees: they are made again, and it is compared then.
  if (unstored.some(({ couponId, size }) => size <= (sizes.get(couponId) ?? 0))) await store.drop()
  await store.publish(unstored)
}

function nameOf({ couponId, size, signer }: PublishedCheckpoint): string {
  return `${couponId} ${size} ${signer}`
}

function readKept(path: string): PublishedCheckpoint[] {
  const text = readFileSync(path, 'utf8')
  const end = text.lastIndexOf('\n') + 1
  const lines = text.slice(0, end).split('\n').slice(0, -1)
  const kept = lines.map((line, n) => readLine(line) ?? damaged(path, n + 1))
  if (end < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, end)))
  return together(kept)
}

/** A line for each signature that was added later. */
function together(lines: readonly PublishedCheckpoint[]): PublishedCheckpoint[] {
  const all = new Map<string, PublishedCheckpoint>()
  for (const one of lines) {
    const known = all.get(nameOf(one))
    const note = known === undefined ? one.note : withSignaturesOf(known.note, one.note)
    all.set(nameOf(one), { ...one, note })
  }
  return [...all.values()]
}

function readLine(line: string): PublishedCheckpoint | null {
  try {
    const value = JSON.parse(line) as Partial<PublishedCheckpoint>
    const { couponId, size, signer, partition, note } = value
    const texts = [couponId, signer, note].every((one) => typeof one === 'string')
    const counts = [size, partition].every(Number.isSafeInteger)
    return texts && counts ? (value as PublishedCheckpoint) : null
  } catch {
    return null
  }
}

function damaged(path: string, line: number): never {
  const what = `line ${line} of ${path} is no checkpoint that was published`
  throw new PortError('log_damaged', `${what}: restore the file, from a backup of the log`)
}
