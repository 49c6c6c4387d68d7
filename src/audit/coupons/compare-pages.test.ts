// Pages of rows as they are asked for: one ahead, whose beginning is guessed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { columnsOfRows } from '../../adapters/memory/issued-columns.ts'
import type { IssuedRow, RowsQuery } from '../../ports/coupons.ts'
import { comparePages, rowsPerPage } from './compare-pages.ts'

/** How many rows each coupon has. */
const sizes = {
  many: 4 * rowsPerPage + 17,
  none: 0,
  one: 1,
  page: rowsPerPage,
  two: 2 * rowsPerPage,
}
type Lost = { couponId: keyof typeof sizes; slot: number }

describe('pages of rows', () => {
  test('are compared row by row in their order, and asked for once each', async () => {
    const { slots, asked } = await compared([])
    assert.deepEqual(slots, allSlots())
    const places = asked.map((query) => JSON.stringify(query.after))
    assert.equal(new Set(places).size, places.length)
    assert.equal(asked.length, Math.ceil(allSlots().length / rowsPerPage))
  })

  test('are asked for while the one before is compared', async () => {
    const { atOnceMax } = await compared([])
    assert.equal(atOnceMax, 2)
  })

  for (const [what, lost] of Object.entries({
    'one row': [{ couponId: 'many', slot: 7 }],
    'the last row of a page': [{ couponId: 'many', slot: rowsPerPage }],
    'the first row of a page': [{ couponId: 'many', slot: 2 * rowsPerPage + 1 }],
    'some of each page': [5, 5_005, 5_006, 15_001].map((slot) => ({ couponId: 'many', slot })),
    'the end of a coupon': [{ couponId: 'two', slot: 2 * rowsPerPage }],
  } as Readonly<Record<string, Lost[]>>)) {
    test(`are all compared where ${what} is missing`, async () => {
      const { slots } = await compared(lost)
      const missing = lost.map(({ couponId, slot }) => `${couponId} ${slot}`)
      assert.deepEqual(
        slots,
        allSlots().filter((slot) => !missing.includes(slot)),
      )
    })
  }

  test('fail as the page that is wanted does, whatever became of the one ahead', async () => {
    await assert.rejects(compared([], 3), /page 3/)
  })
})

async function compared(lost: readonly Lost[], failsAt = Number.POSITIVE_INFINITY) {
  const gone = new Set(lost.map(({ couponId, slot }) => `${couponId} ${slot}`))
  const rows = allSlots()
    .filter((slot) => !gone.has(slot))
    .map(rowOf)
  const asked: RowsQuery[] = []
  const slots: string[] = []
  let [atOnce, atOnceMax] = [0, 0]
  const comparing = comparePages({
    source: {
      issuedRows: () => assert.fail('columns are as the log gives them'),
      async issuedColumns(query) {
        asked.push(query)
        const number = asked.length
        atOnce += 1
        atOnceMax = Math.max(atOnceMax, atOnce)
        await setImmediate()
        atOnce -= 1
        if (number >= failsAt) throw new Error(`page ${number}`)
        return columnsOfRows(rows.filter((row) => isBehind(row, query)).slice(0, query.limit))
      },
    },
    comparison: {
      compare: () => assert.fail('columns are as the log gives them'),
      compareColumns({ couponId, claimIds }) {
        for (const claimId of claimIds.split('\n')) slots.push(`${couponId} ${claimId}`)
        return true
      },
    },
    expected: (couponId) => sizes[couponId as keyof typeof sizes],
    onRows() {},
  })
  // No page is on its way any more, and what nobody has waited for has failed.
  await comparing.catch(() => {})
  while (atOnce > 0) await setImmediate()
  await setImmediate()
  await comparing
  return { slots, asked, atOnceMax }
}

function allSlots(): string[] {
  return Object.entries(sizes).flatMap(([couponId, size]) => {
    return Array.from({ length: size }, (_, n) => `${couponId} ${n + 1}`)
  })
}

/** Its claim is named like its slot. */
function rowOf(text: string): IssuedRow {
  const [couponId = '', claimId = ''] = text.split(' ')
  const slot = Number(claimId)
  const place = { partition: 0, offset: slot, appendedAt: 1 }
  return { couponId, slot, userId: `u${slot}`, claimId, code: 'CODE', ...place }
}

function isBehind({ couponId, slot }: IssuedRow, { after }: RowsQuery): boolean {
  if (after === undefined) return true
  return couponId > after.couponId || (couponId === after.couponId && slot > after.slot)
}
