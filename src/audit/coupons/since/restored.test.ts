// What an earlier audit kept is used only where it fits; else the audit begins at the start, says
// why, and comes to the same.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { createdAs } from '../../../../test/models/any-log.ts'
import { type Cut, cutTwice } from '../../../../test/models/audits/audited-cut.ts'
import { type KeptSnapshots, keptSnapshots } from '../../../../test/models/kept-snapshots.ts'
import type { Entry } from '../../../../test/models/naive-claims.ts'
import {
  deriveCodes,
  home,
  readerOf,
  sourceOf,
  spring,
} from '../../../../test/models/small-sale.ts'
import { type AuditReport, audit } from '../../audit.ts'
import { format, type Head, headBlock, readBlock } from './kept-blocks.ts'
import type { SinceParts } from './since.ts'

let kept: KeptSnapshots
let cuts: readonly [Cut, Cut]

const whole = { rows: 1, published: 1, early: 0 }
const claim = (userId: string): Entry['message'] => {
  return { type: 'coupon.claimed', couponId: spring, userId, claimId: `claim-${userId}` }
}

/** Six winners, four of them when the earlier audit looked; one of those was revoked. */
before(async () => {
  const by = { by: 'op', commandId: 'v', reason: 'stolen' }
  const messages: Entry['message'][] = [
    createdAs(spring, 6),
    ...['ann', 'bob', 'cat', 'dan'].map(claim),
    { type: 'coupon.revoked', couponId: spring, userId: 'bob', ...by },
    ...['eve', 'ann', 'fay'].map(claim),
  ]
  const entries = messages.map((message, n) => ({ message, appendedAt: 10 + n }))
  cuts = await cutTwice(
    entries,
    [
      { log: 0.67, ...whole },
      { log: 1, ...whole },
    ],
    [],
  )
  kept = keptSnapshots()
  const first = await auditOf({ cut: cuts[0], store: kept })
  assert.deepEqual([first.fair, first.since?.notKept], [true, null])
})

type Audited = { cut: Cut; store: KeptSnapshots } & Partial<Omit<SinceParts, 'store'>> & {
    identity?: string
  }

function auditOf({ cut, store, identity, ...others }: Audited) {
  const { claims, events, sql } = cut
  const madeAt = '2026-05-01T09:00:00.000Z'
  const since = { store, release: '1.2.3', secret: 'a', madeAt, ...others }
  const clock = { now: () => 0, monotonic: () => 0, after: () => () => {} }
  const openLog = async () => ({ ...readerOf(claims, events), ...(identity && { identity }) })
  return audit({ source: sourceOf(sql), openLog, deriveCodes, clock, since })
}

const now = (): Cut => copied(cuts[1])

function copied({ claims, events, sql }: Cut): Cut {
  const listed = (all: Cut['claims']) => all.map((list) => list.map((record) => ({ ...record })))
  return { claims: listed(claims), events: listed(events), sql: { ...sql, ...copiedRows(sql) } }
}

function copiedRows({ rows, positions }: Cut['sql']): Pick<Cut['sql'], 'rows' | 'positions'> {
  return { rows: rows.map((row) => ({ ...row })), positions: structuredClone(positions) }
}

test('one that fits is gone on from, and reads only what came since', async () => {
  const { fair, since, counts } = await auditOf({ cut: now(), store: kept.copy() })
  assert.equal(fair, true)
  assert.equal(since?.putAside, null)
  const claims = [0, 0, 0, 0].with(home, 6)
  assert.deepEqual(since?.from, {
    madeAt: '2026-05-01T09:00:00.000Z',
    claims,
    events: [0, 0, 0, 0].with(home, 5),
    winners: 4,
  })
  assert.partialDeepStrictEqual(counts, { records: 3, claims: 3, winners: 2, rows: 2, events: 2 })
  assert.equal(counts.comparedRecords, 3)
})

test('what was compared before is not looked at again', async () => {
  const cut = now()
  for (const row of cut.sql.rows) if (row.slot === 2) row.userId = 'mallory'
  assert.equal((await auditOf({ cut, store: kept.copy() })).fair, true)
})

test('the last of what came since is found where nothing else did', async () => {
  const store = kept.copy()
  assert.equal((await auditOf({ cut: now(), store })).fair, true)
  const again = await auditOf({ cut: now(), store })
  assert.equal(again.fair, true)
  assert.partialDeepStrictEqual(again.counts, {
    records: 0,
    winners: 0,
    rows: 0,
    comparedRecords: 0,
  })
  const cut = now()
  cut.sql.coupons = new Map()
  assert.equal((await auditOf({ cut, store })).differences, 1)
})

test('rows of a rehearsal that has ended since are found where they were left', async () => {
  const closed = { type: 'coupon.closed', couponId: spring, by: 'op', commandId: 'x' } as const
  const created = createdAs(spring, 2, { rehearsal: true })
  const messages = [created, ...['ann', 'bob'].map(claim), closed]
  const entries = messages.map((message, n) => ({ message, appendedAt: 10 + n }))
  const [drill, over] = await cutTwice(
    entries,
    [
      { log: 0.8, ...whole },
      { log: 1, ...whole },
    ],
    [],
  )
  const store = keptSnapshots()
  assert.equal((await auditOf({ cut: drill, store })).fair, true)
  assert.equal((await auditOf({ cut: over, store: store.copy() })).fair, true)
  over.sql.rows = drill.sql.rows
  assert.equal((await auditOf({ cut: over, store: store.copy() })).differences, 2)
  const next = store.copy()
  over.sql.rows = []
  assert.equal((await auditOf({ cut: over, store: next })).fair, true)
  const { from } = (await auditOf({ cut: over, store: next })).since ?? {}
  assert.equal(from?.winners, 2)
})

test('an audit that finds something keeps nothing, and leaves what was kept', async () => {
  const store = kept.copy()
  const cut = now()
  cut.sql.rows.pop()
  const report = await auditOf({ cut, store })
  assert.deepEqual([report.fair, report.since?.notKept], [false, 'promises are broken'])
  assert.deepEqual(await Array.fromAsync(store.blocks()), await Array.fromAsync(kept.blocks()))
})

test('an audit says why it could keep nothing', async () => {
  const add = () => Promise.reject(new Error('no room'))
  const report = await auditOf({ cut: now(), store: { ...kept.copy(), add } })
  assert.deepEqual([report.fair, report.since?.notKept], [true, 'no room'])
})

type Case = readonly [says: RegExp, (cut: Cut) => Partial<Audited> | Promise<Partial<Audited>>]
const other = { claimsRecord: 5, eventsRecord: 4 }
const cases: Readonly<Record<string, Case>> = {
  'another version': [/of version 1\.2\.3, format 1/, () => ({ release: '1.2.4' })],
  'another format': [/format 2/, () => headed((head) => ({ ...head, format: format + 1 }))],
  'another log of its name': [/another log of this name/, () => ({ identity: 'made again' })],
  'another secret of codes': [/another secret of codes/, () => ({ secret: 'b' })],
  'other records of claims': [
    /record 5 of partition \d of firstcome.claims is another one/,
    ({ claims }) => {
      for (const record of claims[home] ?? []) {
        if (record.offset === other.claimsRecord) record.appendedAt -= 1
      }
      return {}
    },
  ],
  'other records of events': [
    /record 4 of partition \d of firstcome.coupon-events is another one/,
    ({ events }) => {
      for (const record of events[home] ?? []) {
        if (record.offset === other.eventsRecord) record.appendedAt += 1
      }
      return {}
    },
  ],
  'a log that ends earlier': [
    /partition \d of the claims goes from 0 to 5, and was audited up to 6/,
    (cut) => {
      cut.claims[home]?.splice(5)
      return {}
    },
  ],
  'a log that begins later': [
    /partition \d of the claims goes from 1 to 9, and/,
    (cut) => {
      cut.claims[home]?.shift()
      return {}
    },
  ],
  'more partitions': [
    /the log has 5 partitions of events, not 4/,
    (cut) => {
      cut.events.push([])
      return {}
    },
  ],
  'rows that have gone back': [
    /the rows have read partition \d up to 3, and were audited up to 6/,
    ({ sql }) => {
      sql.positions.set(home, { next: 3, published: 3 })
      return {}
    },
  ],
  'rows that were made anew': [
    /the rows were made anew since/,
    ({ sql }) => {
      sql.generation = 'second'
      return {}
    },
  ],
  'no beginning': [/has no beginning/, () => without('head')],
  'no end': [/it is not whole/, () => without('end')],
  'a coupon missing': [/parts of no coupon spring/, () => without('coupon')],
  'winners missing': [/winners of spring are missing/, () => without('winners')],
  'bytes of another kind': [/unknown kind/, () => changedBlock(() => Buffer.from([99, 1]))],
  'bytes that are nothing': [/./, () => changedBlock((block) => block.subarray(0, 9))],
}

describe('what was kept is put aside, and all is looked at, where it has', () => {
  for (const [what, [says, change]] of Object.entries(cases)) {
    test(what, async () => {
      const cut = now()
      const changes = await change(cut)
      const report = await auditOf({ cut, store: kept.copy(), ...changes })
      assert.match(report.since?.putAside ?? '', says)
      assert.equal(report.since?.from, null)
      const anew = await auditOf({ cut, ...changes, store: keptSnapshots() })
      assert.deepEqual(saidBy(report), saidBy(anew))
    })
  }
})

function saidBy(all: AuditReport) {
  const { since: _, ...report } = all
  return report
}

async function without(kind: string): Promise<Partial<Audited>> {
  const blocks = (await Array.fromAsync(kept.blocks())).flat()
  return { store: storeOf(blocks.filter((block) => readBlock(block).kind !== kind)) }
}

async function headed(change: (head: Head) => Head): Promise<Partial<Audited>> {
  return changedBlock((block) => {
    const read = readBlock(block)
    return read.kind === 'head' ? headBlock(change(read.head)) : block
  })
}

/** The first one. */
async function changedBlock(change: (block: Buffer) => Buffer): Promise<Partial<Audited>> {
  const [first = Buffer.alloc(0), ...rest] = (await Array.fromAsync(kept.blocks())).flat()
  return { store: storeOf([change(first), ...rest]) }
}

function storeOf(blocks: Buffer[]): KeptSnapshots {
  return keptSnapshots({}, [blocks])
}
