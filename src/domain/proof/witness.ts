// What a witness answers (c2sp.org/tlog-witness): whether a checkpoint is of a log that it knows,
// signed by that log's key, and goes on from the one that it has seen last. So nobody can show it
// two trees, and nobody can show others a tree that it has cosigned and then take it back.

import { type Checkpoint, couponOrigin, parseCheckpoint } from './checkpoint.ts'
import {
  decodeBase64,
  isSignedBy,
  parseNote,
  type VerifierKey,
  verifierKey,
} from './signed-note.ts'
import { hashBytes } from './tree.ts'
import { isConsistent } from './tree-proofs.ts'

/** The body of `add-checkpoint`: `old` is the size from which the proof goes on. */
export type AddCheckpoint = { old: number; proof: readonly Buffer[]; note: string }
export type Judged =
  | { kind: 'goes_on'; origin: string; text: string; note: string }
  | { kind: 'malformed' | 'unknown_log' | 'not_signed' | 'inconsistent' }
  /** It has seen this size, and is to be asked from there. */
  | { kind: 'conflict'; size: number }

/** As the protocol says: enough for a tree of any size. */
const proofLinesMax = 63

export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  const lines = proof.map((hash) => `${hash.toString('base64')}\n`)
  return `old ${old}\n${lines.join('')}\n${note}`
}

/** Null: it is none. */
export function parseAddCheckpoint(body: string): AddCheckpoint | null {
  const end = body.indexOf('\n\n')
  const [first = '', ...lines] = body.slice(0, Math.max(0, end)).split('\n')
  const [, digits] = /^old (0|[1-9]\d*)$/.exec(first) ?? []
  const old = Number(digits)
  if (end < 0 || !Number.isSafeInteger(old) || lines.length > proofLinesMax) return null
  const hashes = lines.map(decodeBase64)
  const proof = hashes.filter((hash) => hash?.length === hashBytes) as Buffer[]
  return proof.length === lines.length ? { old, proof, note: body.slice(end + 2) } : null
}

/** `seen`: what was cosigned last under an origin; null: nothing. */
export type Witnessing = {
  logs: readonly VerifierKey[]
  seen(origin: string): Pick<Checkpoint, 'size' | 'root'> | null
}

export function judge(body: string, { logs, seen }: Witnessing): Judged {
  const asked = parseAddCheckpoint(body)
  const note = asked === null ? null : parseNote(asked.note)
  const checkpoint = note === null ? null : readCheckpoint(note.text)
  if (asked === null || note === null || checkpoint === null) return { kind: 'malformed' }
  const { origin, size, root } = checkpoint
  const keys = keysOf(logs, origin)
  if (keys.length === 0) return { kind: 'unknown_log' }
  if (!keys.some((key) => isSignedBy(note, key))) return { kind: 'not_signed' }
  if (asked.old > size) return { kind: 'malformed' }
  const last = seen(origin)
  const from = last?.size ?? 0
  const isFork = last !== null && last.size === size && !last.root.equals(root)
  if (asked.old !== from || isFork) return { kind: 'conflict', size: from }
  const holds =
    last === null || from === 0
      ? asked.proof.length === 0
      : isConsistent({ from, to: size, fromRoot: last.root, toRoot: root, proof: asked.proof })
  return holds ? { kind: 'goes_on', origin, text: note.text, note: asked.note } : inconsistent
}

const inconsistent = { kind: 'inconsistent' } as const

/** A log of others may have further lines below the three. */
export function readCheckpoint(text: string): Checkpoint | null {
  const lines = text.split('\n')
  const others = lines.slice(3, -1)
  if (others.includes('') || !text.endsWith('\n')) return null
  return parseCheckpoint([...lines.slice(0, 3), ''].join('\n'))
}

/** Who may sign under this origin: its own keys, and those of a prefix of coupons. */
function keysOf(logs: readonly VerifierKey[], origin: string): VerifierKey[] {
  const couponId = origin.slice(origin.lastIndexOf('/') + 1)
  const isOfCoupon = (name: string) => couponId !== '' && origin === couponOrigin(name, couponId)
  return logs
    .filter(({ name }) => name === origin || isOfCoupon(name))
    .map(({ publicKey }) => verifierKey(origin, publicKey))
}
