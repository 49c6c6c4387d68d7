// A sale with impatient users, each of whom asks three times at once, as fast as they are
// answered; calm, or with what makes the rows killed once a quarter of them is there. Then the
// clients' ledger is held against the rows.

import { waitFor } from '../../services/server-process.ts'
import { runClaimLoad } from './claim-load.ts'
import type { RunningContender } from './contender.ts'
import { loadOn } from './full-load.ts'
import { type Judgement, judge } from './ledger.ts'

export type SaleResult = Judgement & {
  /** From the kill to the next row; null where nothing was killed, or no row was to come. */
  secondsWithoutRows: number | null
}
export type SaleOptions = { couponId: string; users: number; quantity: number; killed: boolean }

const asks = 3
/** What was killed is away so long. */
const awayMs = 500
const quarterWaitMsMax = 30_000
/** Longer than any of them takes to give a killed member up. */
const rowsWaitMsMax = 25_000
/** No row has come for so long: then nothing is on its way. */
const quietMs = 2_500

export async function measureSale(
  contender: RunningContender,
  { couponId, users, quantity, killed }: SaleOptions,
): Promise<SaleResult> {
  await contender.createCoupon(couponId, quantity)
  const prefix = `${couponId}-`
  const load = runClaimLoad({
    ...loadOn(contender, couponId),
    users: { prefix, count: users },
    asks,
    ledger: true,
  })
  // Its failure is met below.
  load.catch(() => {})
  const secondsWithoutRows = killed ? await killAndStart(contender, couponId, quantity) : null
  const { answers, loads } = await load
  const toldYes = new Set(answers.filter(({ status }) => status === 201).map(({ user }) => user))
  await settled(contender, couponId, toldYes.size)
  const found = await contender.rows(couponId)
  const rows = found.map(({ userId, slot }) => ({
    user: Number(userId.slice(prefix.length)),
    slot,
  }))
  const judgement = judge({ quantity, users, answers, rows })
  const unknown = judgement.unknown + (loads[0]?.lost ?? 0)
  return { ...judgement, unknown, secondsWithoutRows }
}

async function killAndStart(
  contender: RunningContender,
  couponId: string,
  quantity: number,
): Promise<number | null> {
  const isSo = async () => (await contender.rowCount(couponId)) >= quantity / 4
  await waitFor('a quarter of the rows', isSo, quarterWaitMsMax)
  await contender.killBehind()
  const killedAt = performance.now()
  const count = await contender.rowCount(couponId)
  await new Promise((resolve) => setTimeout(resolve, awayMs))
  await contender.startBehind()
  if (count >= quantity) return null
  const goesOn = async () => (await contender.rowCount(couponId)) > count
  await waitFor('rows after the kill', goesOn, rowsWaitMsMax)
  return (performance.now() - killedAt) / 1_000
}

/** Every expected row is there, or will not come; and no other one follows. */
async function settled(
  contender: RunningContender,
  couponId: string,
  expected: number,
): Promise<void> {
  const startedAt = performance.now()
  let count = -1
  let sameSince = startedAt
  await waitFor(
    'the rows to settle',
    async () => {
      const now = performance.now()
      const found = await contender.rowCount(couponId)
      if (found !== count) sameSince = now
      count = found
      const isQuiet = now - sameSince > quietMs
      return isQuiet && (count >= expected || now - startedAt > rowsWaitMsMax)
    },
    2 * rowsWaitMsMax,
  )
}
