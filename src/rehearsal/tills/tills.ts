// Shops with tills of their own in a rehearsal of orders: a coupon for some of the users, spent by
// its code, released, and revoked, from several tills at once; then everything is read back. What
// was told stands in the ledger at every moment.

import { sleep } from '../../ports/clock.ts'
import { follow, isDefinite } from '../attempts.ts'
import { claim } from '../coupons/sale.ts'
import { counted } from '../figures.ts'
import type { Verdict } from '../promises.ts'
import { doAll, type Run, see } from '../rehearsal.ts'
import { RehearsalError } from '../rehearsal-error.ts'
import type { Issued } from '../service.ts'
import type { TillAnswer } from './till-calls.ts'
import type { CouponShown, Part, TillAct, TillEvidence, ToldAct } from './till-evidence.ts'
import { partsOf, shownSubtotal, tillCouponOf, tillTerms, tillUsersOf } from './till-plan.ts'
import { isShownYet, reconcileTills } from './till-promises.ts'

/** Null while nobody has the coupon. */
export type TillLedger = { evidence: TillEvidence | null }
type Selling = {
  run: Run
  runId: string
  couponId: string
  /** By index of the user. */
  tokens: readonly string[]
  tills: readonly string[]
  won: readonly (Issued | null)[]
}

const tills = 4
const settlePollMs = 500

export async function sellAtTills(
  run: Run,
  { runId, tokens }: { runId: string; tokens: readonly string[] },
  ledger: TillLedger,
): Promise<Verdict[]> {
  const users = run.users.slice(0, tillUsersOf(run.users.length))
  const couponId = tillCouponOf(runId)
  const won = await giveEveryone(run, { couponId, users, tokens })
  const told = partsOf(users.length).map((part): Part<ToldAct> => ({ ...part, stages: [] }))
  const evidence: TillEvidence = { couponId, users, won, told, taken: null, seen: null }
  ledger.evidence = evidence
  const tillTokens = Array.from({ length: tills }, (_, n) => run.tillToken(`rehearsal-till-${n}`))
  const selling: Selling = { run, runId, couponId, tokens, tills: tillTokens, won }
  run.made.others.push(`redemptions of ${counted(users.length, 'code')} of ${couponId}`)
  const answered = await playAll(selling, told)
  const known = { ...evidence, taken: answered }
  ledger.evidence = known
  return reconcileShown(selling, known)
}

/** What is known of it where it was cut short. */
export function toldAtTills({ evidence }: TillLedger): Verdict[] {
  return evidence === null ? [] : reconcileTills(evidence)
}

async function giveEveryone(
  run: Run,
  {
    couponId,
    users,
    tokens,
  }: { couponId: string; users: readonly string[]; tokens: readonly string[] },
): Promise<(Issued | null)[]> {
  const { service, made, limits } = run
  made.couponIds.push(couponId)
  const coupon = { couponId, name: 'Rehearsal at tills', quantity: users.length, ...tillTerms }
  const done = await see(run, () => service.createCoupon(coupon), limits.commandMsMax)
  if ('missing' in done) {
    throw new RehearsalError('refused', `no coupon for the tills was made: ${done.missing}`)
  }
  const won: (Issued | null)[] = []
  const claims = { title: 'Giving everyone a code', items: users }
  await doAll(run, claims, async (_, user) => {
    const { answer } = await claim(run, { couponId, user, token: tokens[user] ?? '' })
    won[user] = answer.kind === 'issued' ? answer : null
  })
  return won
}

/** All parts up to the revoke of all, which goes while some spend; then what comes after it. */
async function playAll(selling: Selling, told: readonly Part<ToldAct>[]): Promise<number | null> {
  const { run, won } = selling
  const parts = partsOf(won.length).filter(({ user }) => won[user] !== null)
  const isEnd = (stage: readonly TillAct[]) => stage.some(({ kind }) => kind === 'revoke_all')
  const before = { title: 'Spending codes at tills', items: parts }
  await doAll(run, before, async (part) => {
    const own = part.stages.findIndex(isEnd)
    await playStages(selling, { ...part, stages: part.stages.slice(0, own) }, told)
  })
  const during = { title: 'Revoking what is left', items: parts }
  const spending = doAll(run, during, async (part) => {
    await playStages(selling, { ...part, stages: part.stages.filter(isEnd) }, told)
  })
  const [taken] = await Promise.all([revokeAll(selling), spending])
  const after = { title: 'Trying each code once more', items: parts }
  await doAll(run, after, async (part) => {
    await playStages(selling, { ...part, stages: part.stages.slice(-1) }, told)
  })
  return taken
}

async function revokeAll({ run, couponId, runId }: Selling): Promise<number | null> {
  const idempotencyKey = `rehearsal-${runId}`
  const answer = await keptAt(run, () => {
    return run.service.revoke({ idempotencyKey, couponId, of: { all: true } })
  })
  return answer.kind === 'revoked' ? answer.revoked : null
}

async function playStages(
  selling: Selling,
  { user, stages }: Part,
  told: readonly Part<ToldAct>[],
): Promise<void> {
  const part = told[user]
  if (part === undefined) return
  for (const stage of stages) {
    const acts = stage.map(async (act): Promise<ToldAct> => {
      return { act, answer: await play(selling, { user, act, part }) }
    })
    part.stages.push(await Promise.all(acts))
  }
}

type Playing = { user: number; act: TillAct; part: { stages: readonly ToldAct[][] } }

async function play(selling: Selling, { user, act, part }: Playing): Promise<ToldAct['answer']> {
  const { run, runId, couponId, won } = selling
  const { service, users } = run
  const till = selling.tills[act.kind === 'redeem' ? act.till : user % tills] ?? ''
  switch (act.kind) {
    case 'redeem': {
      const { key, reference, subtotal, use } = act
      const code = won[user]?.code ?? ''
      const idempotencyKey = `rehearsal-${runId}-${user}-${key}`
      const asked = { idempotencyKey, code, reference, subtotal, use }
      return keptAt(run, () => service.redeem(asked, till), till)
    }
    case 'use':
    case 'release': {
      const redemptionId = idOf(part.stages, act.key)
      if (redemptionId === null) return null
      return keptAt(
        run,
        () => service.sayOfRedemption({ redemptionId, word: act.kind }, till),
        till,
      )
    }
    case 'revoke': {
      const idempotencyKey = `rehearsal-${runId}-${user}`
      const of = { userId: users[user] ?? '' }
      return keptAt(run, () => service.revoke({ idempotencyKey, couponId, of }))
    }
    case 'revoke_all':
      return null
  }
}

/** Null where it was refused. */
function idOf(stages: readonly ToldAct[][], key: string): string | null {
  for (const { act, answer } of stages.flat()) {
    const isIt = act.kind === 'redeem' && act.key === key
    if (isIt && answer?.kind === 'redeemed') return answer.redemption.redemptionId
  }
  return null
}

/** From its first request to its end. */
async function keptAt(
  { clock, limits, service }: Run,
  first: () => ReturnType<Run['service']['redeem']>,
  token = '',
): Promise<NonNullable<ToldAct['answer']>> {
  const entry = await follow<TillAnswer>(clock, {
    msMax: limits.orderMsMax,
    givenUp: 'no answer to the end',
    first,
    poll: (location) => service.pollRedemption(location, token),
  })
  return entry.answer
}

/** Rows may be a moment behind: read again while they do not agree, for so long. */
async function reconcileShown(selling: Selling, known: TillEvidence): Promise<Verdict[]> {
  const { clock, limits } = selling.run
  const deadline = clock.monotonic() + limits.settleMsMax
  for (;;) {
    const verdicts = reconcileTills({ ...known, seen: await readShown(selling, known) })
    if (isShownYet(verdicts) || clock.monotonic() >= deadline) return verdicts
    await sleep(clock, settlePollMs)
  }
}

async function readShown(selling: Selling, { told, won, couponId }: TillEvidence) {
  const {
    run,
    tokens,
    tills: [token = ''],
  } = selling
  const { service } = run
  const seen: CouponShown[] = []
  const codes = { title: 'Reading the codes', items: told }
  await doAll(run, codes, async ({ user, stages }) => {
    const code = won[user]?.code ?? ''
    const held = await see(run, () => service.coupons(tokens[user] ?? ''))
    const own =
      'missing' in held
        ? held
        : { value: held.value.find((one) => one.couponId === couponId)?.status ?? null }
    const redemptions: CouponShown['redemptions'] = new Map()
    for (const { act, answer } of stages.flat()) {
      if (act.kind !== 'redeem' || !answer || !isDefinite(answer)) continue
      if (answer.kind !== 'redeemed') continue
      const { redemptionId } = answer.redemption
      redemptions.set(act.key, await see(run, () => service.redemption(redemptionId, token)))
    }
    const subtotal = shownSubtotal
    seen[user] = {
      code: await see(run, () => service.code({ code, subtotal }, token)),
      own,
      redemptions,
    }
  })
  return seen
}
