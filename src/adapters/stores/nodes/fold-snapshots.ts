// Snapshots as rows of PostgreSQL, which any API node begins from and one at a time adds to. A part
// is written piece by piece, each in a statement of its own, and is read only once a last row names
// it: nothing is locked for longer, and what is left of a node that was killed is never looked at.
// A part is behind another one only where its writer knows that one; else it begins anew.

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../ports/clock.ts'
import { SnapshotFault, type SnapshotStore } from '../../../ports/snapshots.ts'
import type { Queryable, SqlRow, SqlValue, Statement } from '../../database/database.ts'
import { loadStatements } from '../../database/statements.ts'
import { readPart, writePart } from '../../snapshots/snapshot-format.ts'

export type SnapshotStoreSqlParts = {
  database: Queryable
  clock: Clock
  /** Of the program. */
  release: string
}

type Part = {
  number: number
  isBase: boolean
  records: number
  writing: string
  pieces: number
  digest: string
}
type Turn = { writing: string; number: number; records: number }
/** `before`: the digest of the part that it goes behind; null: it has everything. */
type Writing = Turn & { before: Buffer | null }

/** A piece is written in milliseconds; who is silent for so long has ended. */
const turnMs = 60_000
/** Reading the log instead takes as long for some million records. */
const readMsMax = 60_000
/** So long what a newer one replaces stays for those who read it. */
const replacedKeptMs = 10 * 60_000
/** Of a release that no node runs any more; until then one may go back to it. */
const otherReleaseKeptMs = 24 * 60 * 60_000
/** A megabyte. */
const piecesPerRead = 16
const piecesPerDelete = 200

const names = [
  'read-snapshot-parts',
  'read-snapshot-releases',
  'read-snapshot-pieces',
  'take-snapshot-turn',
  'end-snapshot-turn',
  'insert-snapshot-piece',
  'insert-snapshot-part',
  'delete-snapshot-parts',
  'delete-snapshot-pieces',
] as const

export function createSnapshotStoreSql(parts: SnapshotStoreSqlParts): SnapshotStore {
  const statements = loadStatements(names)
  const rows = { ...parts, ask: askerOf(parts.database, statements) }
  /** The newest part that was read or written from here, be it whole or not. */
  let known: { digest: string | null; count: number } = { digest: null, count: 0 }
  let turn: Turn | null = null

  return {
    async *blocks() {
      const all = await partsNow(rows)
      known = { digest: all.at(-1)?.digest ?? null, count: all.length }
      if (all.length === 0) await refuseOthers(rows)
      yield* readParts(rows, all)
    },
    count: () => known.count,
    async turn({ records, lateRecords }) {
      const newest = (await partsNow(rows)).at(-1)
      const isKnown = newest !== undefined && newest.digest === known.digest
      if (newest !== undefined && !isKnown && records - newest.records < lateRecords) return null
      const writing = randomUUID()
      const taken = await rows.ask('take-snapshot-turn', [parts.release, writing, turnMs])
      if (taken.count === 0) return 'taken'
      // Somebody may have had it in between.
      if ((await partsNow(rows)).at(-1)?.digest !== newest?.digest) {
        await rows.ask('end-snapshot-turn', [parts.release, writing])
        return 'taken'
      }
      turn = { writing, number: (newest?.number ?? 0) + 1, records }
      return isKnown ? 'behind' : 'anew'
    },
    async add(blocks, { anew }) {
      const own = turn
      turn = null
      if (own === null) throw new SnapshotFault('it was not its turn')
      const before = anew || known.digest === null ? null : Buffer.from(known.digest, 'base64')
      if (!anew && before === null) throw new SnapshotFault('there is nothing to add to')
      const digest = await write(rows, blocks, { ...own, before })
      known = { digest, count: anew ? 1 : known.count + 1 }
      // The next one tries again.
      await forgetReplaced(rows).catch(() => {})
    },
  }
}

type Rows = SnapshotStoreSqlParts & { ask: ReturnType<typeof askerOf> }
type Statements = Readonly<Record<(typeof names)[number], Statement>>

function askerOf(database: Queryable, statements: Statements) {
  return (name: keyof Statements, values: readonly SqlValue[] = []) =>
    database.query(statements[name], values)
}

async function partsNow({ ask, release }: Rows): Promise<Part[]> {
  return (await ask('read-snapshot-parts', [release])).rows.map(partOf)
}

/** Another node of this release may have written its first one meanwhile. */
async function refuseOthers({ ask, release }: Rows): Promise<void> {
  const releases = (await ask('read-snapshot-releases')).rows.map(([one]) => one)
  const other = releases.find((one) => one !== release)
  if (other !== undefined) throw new SnapshotFault(`it is of version ${other}`)
}

async function* readParts(rows: Rows, all: readonly Part[]): AsyncIterable<readonly Buffer[]> {
  const until = rows.clock.monotonic() + readMsMax
  let before: Buffer | null = null
  for (const [n, part] of all.entries()) {
    const name = `part ${part.number}`
    if (part.isBase !== (n === 0)) throw new SnapshotFault(`${name} has nothing before it`)
    if (part.number !== (all[0]?.number ?? 0) + n)
      throw new SnapshotFault(`before ${name} is a gap`)
    before = yield* readPart(piecesOf(rows, part, until), { before, name })
    if (before.toString('base64') !== part.digest) throw new SnapshotFault(`${name} is damaged`)
  }
}

async function* piecesOf({ ask, clock }: Rows, part: Part, until: number): AsyncIterable<Buffer> {
  const { writing, pieces, number } = part
  for (let next = 0; next < pieces; ) {
    if (clock.monotonic() > until) throw new SnapshotFault('PostgreSQL gives it too slowly')
    const { rows } = await ask('read-snapshot-pieces', [writing, next, piecesPerRead])
    if (rows.length === 0) throw new SnapshotFault(`part ${number} is incomplete`)
    for (const [piece, bytes] of rows) {
      if (piece !== next) throw new SnapshotFault(`part ${number} is incomplete`)
      next += 1
      yield Buffer.from(String(bytes), 'base64')
    }
  }
}

/** Resolves to its digest. */
async function write(rows: Rows, blocks: Iterable<Buffer>, own: Writing): Promise<string> {
  try {
    return await writeWhole(rows, blocks, own)
  } catch (error) {
    // Else it is over when its time is.
    await rows.ask('end-snapshot-turn', [rows.release, own.writing]).catch(() => {})
    throw error
  }
}

async function writeWhole(
  { ask, release }: Rows,
  blocks: Iterable<Buffer>,
  { writing, number, records, before }: Writing,
): Promise<string> {
  let pieces = 0
  const digest = await writePart(blocks, {
    before,
    async write(piece) {
      const values = [release, writing, turnMs, pieces, piece.toString('base64')]
      if ((await ask('insert-snapshot-piece', values)).count === 0) throw overtaken()
      pieces += 1
    },
  })
  const text = digest.toString('base64')
  const isBase = before === null
  const values = [release, number, isBase, records, writing, pieces, text]
  if ((await ask('insert-snapshot-part', values)).count === 0) throw overtaken()
  return text
}

async function forgetReplaced({ ask, release }: Rows): Promise<void> {
  await ask('delete-snapshot-parts', [release, replacedKeptMs, otherReleaseKeptMs])
  while ((await ask('delete-snapshot-pieces', [piecesPerDelete])).count === piecesPerDelete);
}

function partOf([number, isBase, records, writing, pieces, digest]: SqlRow): Part {
  return {
    number: Number(number),
    isBase: isBase === true,
    records: Number(records),
    writing: String(writing),
    pieces: Number(pieces),
    digest: String(digest),
  }
}

function overtaken(): SnapshotFault {
  return new SnapshotFault('another node has added meanwhile')
}
