// What a witness keeps: its key, and the checkpoint that it has cosigned last under each origin,
// a file each. Who loses them would cosign a second tree, so what cannot be read is no beginning.

import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Checkpoint } from '../domain/proof/checkpoint.ts'
import { parseNote } from '../domain/proof/signed-note.ts'
import { readCheckpoint } from '../domain/proof/witness.ts'
import { PortError } from '../ports/port-error.ts'
import type { WitnessStore } from '../ports/witness.ts'
import { holdDirectory } from './data-directory.ts'
import { syncDirectory, writeFileAtomically } from './file-atomic.ts'

export type WitnessDirectory = { privateKey: KeyObject; store: WitnessStore; close(): void }

const keyFile = 'witness-key.pem'
const seenDirectory = 'witnessed'

/** Of one process at a time. The key is made where there is none. */
export function openWitnessDirectory(given: { path: string; now: number }): WitnessDirectory {
  const held = holdDirectory(given)
  try {
    const seen = join(held.path, seenDirectory)
    mkdirSync(seen, { recursive: true, mode: 0o700 })
    syncDirectory(held.path)
    const store: WitnessStore = {
      read: (origin) => readSeen(fileOf(seen, origin), origin),
      write: (origin, note) => writeFileAtomically(fileOf(seen, origin), note),
    }
    return { privateKey: settleKey(join(held.path, keyFile)), store, close: held.close }
  } catch (error) {
    held.close()
    throw error
  }
}

function fileOf(directory: string, origin: string): string {
  return join(directory, `${createHash('sha256').update(origin).digest('hex')}.txt`)
}

function readSeen(path: string, origin: string): Checkpoint | null {
  if (!existsSync(path)) return null
  const note = parseNote(readFileSync(path, 'utf8'))
  const checkpoint = note === null ? null : readCheckpoint(note.text)
  if (checkpoint?.origin === origin) return checkpoint
  throw damaged(path)
}

function settleKey(path: string): KeyObject {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileAtomically(path, String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
  }
  try {
    const key = createPrivateKey(readFileSync(path))
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // As where another key stands in it.
  }
  throw damaged(path)
}

function damaged(path: string): PortError {
  return new PortError('store_broken', `${path} cannot be read: restore it from a backup`)
}
