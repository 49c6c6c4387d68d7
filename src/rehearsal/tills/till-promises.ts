// Holds what tills and the operator who revokes were answered against what they asked for, and
// against what the service says afterwards: one verdict per promise. Pure.

import { isDefinite } from '../attempts.ts'
import { count, counted, sumOf } from '../figures.ts'
import { type Check, type NotJudged, type Verdict, verdictsOf } from '../promises.ts'
import type { Seen } from '../rehearsal.ts'
import type { Part, TillEvidence, ToldAct } from './till-evidence.ts'
import { type CouponModel, type Explained, explain, statusOf, toldName } from './till-model.ts'
import { offerOn, shownSubtotal } from './till-plan.ts'

export type TillPromise = keyof typeof checks

const checks = {
  tills: ['every till was answered', everyTillAnswered],
  code_once: ['a code is spent once', codeIsSpentOnce],
  offers: ['tills take off what is due', offersAreDue],
  revokes: ['what is revoked is not spent', revokedIsNotSpent],
  shown: ['codes are shown as they are', shownAsTheyAre],
} satisfies Record<string, Check<TillCase>>

type Judged = { part: Part<ToldAct>; explained: Explained }
type TillCase = TillEvidence & {
  acts: readonly (ToldAct & { user: number })[]
  /** Those whose every act was answered. */
  judged: readonly Judged[]
}

export function reconcileTills(evidence: TillEvidence): Verdict<TillPromise>[] {
  const { told } = evidence
  const acts = told.flatMap(({ user, stages }) => stages.flat().map((one) => ({ ...one, user })))
  const judged = told.flatMap((part) => {
    const isAnswered = part.stages.flat().every(({ answer }) => answer === null || isSaid(answer))
    return isAnswered ? [{ part, explained: explain(part) }] : []
  })
  return verdictsOf<TillPromise, TillCase>(checks, { ...evidence, acts, judged })
}

function isSaid(answer: NonNullable<ToldAct['answer']>): boolean {
  return isDefinite(answer)
}

/** What rows may come to show by themselves, a moment later. */
export function isShownYet(verdicts: readonly Verdict<TillPromise>[]): boolean {
  return verdicts.every(({ promise, kept }) => kept !== false || promise !== 'shown')
}

function everyTillAnswered(tills: TillCase, breaches: string[]): string {
  const { acts, users, won } = tills
  for (const [user, issued] of won.entries()) {
    if (issued === null) breaches.push(`${users[user]} won none of a coupon that is for everyone`)
  }
  const asked = acts.filter(({ answer }) => answer !== null)
  for (const { act, answer, user } of asked) {
    if (answer === null || isSaid(answer)) continue
    const why = 'reason' in answer ? answer.reason : 'accepted, but it never ended'
    breaches.push(`${users[user]}, ${act.kind}: ${why}`)
  }
  if (tills.taken === null && tills.seen !== null) breaches.push('the revoke of all had no answer')
  return `${counted(asked.length, 'call')} about ${counted(won.length, 'code')}`
}

/** Of two tills at one code, of cards that failed, of what was brought back. */
function codeIsSpentOnce({ judged, users, won }: TillCase, breaches: string[]): string {
  breaches.push(...sameCodes(users, won))
  for (const { part, explained } of judged) {
    const isOther = 'model' in explained || explained.revoked || part.wish === 'below'
    if (!isOther) breaches.push(unexplained(users, part, explained.stage))
  }
  for (const { part } of judged) breaches.push(...severalIds(users, part))
  const races = judged.filter(({ part }) => part.wish === 'two_tills').length
  return `${counted(races, 'race')} of two tills for one code, one won each`
}

function sameCodes(users: TillCase['users'], won: TillCase['won']): string[] {
  const holders = new Map<string, string>()
  return won.flatMap((issued, user) => {
    if (issued === null) return []
    const other = holders.get(issued.code)
    const holder = users[user] ?? ''
    holders.set(issued.code, holder)
    return other === undefined ? [] : [`${other} and ${holder} were given the code ${issued.code}`]
  })
}

/** The same key is the same redemption, however often it is asked for. */
function severalIds(users: TillCase['users'], { user, stages }: Part<ToldAct>): string[] {
  const ids = new Map<string, string>()
  return stages.flat().flatMap(({ act, answer }) => {
    if (!('key' in act) || answer?.kind !== 'redeemed') return []
    const { redemptionId } = answer.redemption
    const before = ids.get(act.key) ?? redemptionId
    ids.set(act.key, before)
    if (before === redemptionId) return []
    return [`${users[user]} was given ${before} and ${redemptionId} for one key`]
  })
}

function unexplained(
  users: TillCase['users'],
  { user, wish }: Part<ToldAct>,
  stage: readonly ToldAct[],
): string {
  const said = stage.map(({ act, answer }) => {
    return `${act.kind.replace('_', ' ')} was told ${toldName(answer)}`
  })
  return `${users[user]} (${wish.replaceAll('_', ' ')}): ${said.join(', ')}`
}

/** Recomputed from the subtotal that was asked for. */
function offersAreDue(tills: TillCase, breaches: string[]): string {
  const { acts, judged, users, won, couponId } = tills
  const sums: { discount: number; subtotal: number }[] = []
  const asked = new Map(
    acts.flatMap(({ act, user }) => {
      return act.kind === 'redeem' ? [[`${user} ${act.key}`, act] as const] : []
    }),
  )
  for (const { act, answer, user } of acts) {
    if (answer?.kind !== 'redeemed' || !('key' in act)) continue
    const redeem = asked.get(`${user} ${act.key}`)
    const { reference = '', subtotal = 0 } = redeem ?? {}
    const due = { discount: 0, total: 0, ...offerOn(subtotal) }
    const { redemptionId, status: _, ...shown } = answer.redemption
    const { slot = 0, code = '' } = won[user] ?? {}
    const owner = { couponId, userId: users[user] ?? '', slot, code }
    const expected = { ...owner, reference, subtotal, ...due }
    const wrong = Object.entries(expected).flatMap(([name, value]) => {
      const told = shown[name as keyof typeof shown]
      return told === value ? [] : [`${name} ${told}, expected ${value}`]
    })
    if (wrong.length > 0) breaches.push(`redemption ${redemptionId}: ${wrong.join('; ')}`)
    if (act.kind === 'redeem') sums.push({ discount: due.discount, subtotal })
  }
  for (const { part, explained } of judged) {
    if ('model' in explained || explained.revoked || part.wish !== 'below') continue
    breaches.push(unexplained(users, part, explained.stage))
  }
  return `${count(sumOf(sums, 'discount'))} of ${count(sumOf(sums, 'subtotal'))}`
}

function revokedIsNotSpent(tills: TillCase, breaches: string[]): string {
  const { judged, told, users, taken } = tills
  for (const { part, explained } of judged) {
    if ('stage' in explained && explained.revoked) {
      breaches.push(unexplained(users, part, explained.stage))
    }
  }
  const models = modelsOf(judged)
  const unspent = models.filter(({ takenByAll }) => takenByAll).length
  const isWhole = taken !== null && models.length === told.length
  if (isWhole && taken !== unspent) {
    breaches.push(`the revoke of all took ${count(taken)}, nobody had spent ${count(unspent)}`)
  }
  const revoked = models.filter((model) => statusOf(model) === 'revoked').length
  const spent = models.filter((model) => statusOf(model) === 'used').length
  return `${count(revoked)} revoked, ${count(spent)} spent before`
}

function modelsOf(judged: readonly Judged[]): CouponModel[] {
  return judged.flatMap(({ explained }) => ('model' in explained ? [explained.model] : []))
}

function shownAsTheyAre(tills: TillCase, breaches: string[]): string | NotJudged {
  const { judged, seen, users, couponId, won } = tills
  if (seen === null) return { notJudged: 'it ended before this was read' }
  const due = offerOn(shownSubtotal)
  const offer = due === null ? 'none' : `${due.discount} ${due.total}`
  let agreeing = 0
  for (const { part, explained } of judged) {
    const shown = seen[part.user]
    const userId = users[part.user] ?? ''
    if (!('model' in explained) || shown === undefined || won[part.user] === null) continue
    const status = statusOf(explained.model)
    const expected = `${status} of ${couponId} of ${userId}, ${offer}`
    const byCode = shownIn(shown.code, (code) => {
      return `${code.status} of ${code.couponId} of ${code.userId}, ${code.offer}`
    })
    const wrong = [
      differs('its code', expected, byCode),
      differs(
        'their own list',
        status,
        shownIn(shown.own, (own) => own ?? 'none'),
      ),
      ...[...shown.redemptions].map(([key, one]) => {
        const standing = standingOf(explained.model, key)
        return differs(
          `the redemption ${key}`,
          standing,
          shownIn(one, (now) => now.status),
        )
      }),
    ].flatMap((one) => one ?? [])
    if (wrong.length === 0) agreeing += 1
    breaches.push(...wrong.map((one) => `the coupon of ${userId}: ${one}`))
  }
  return `${count(agreeing)} of ${counted(judged.length, 'code')} say the same`
}

function standingOf({ holder }: CouponModel, key: string): string {
  return holder?.key === key ? holder.status : 'released'
}

/** How a reading is shown in one text. */
function shownIn<Value>(seen: Seen<Value>, shown: (value: Value) => string): Seen<string> {
  return 'missing' in seen ? seen : { value: shown(seen.value) }
}

/** Null where it is as it has to be. */
function differs(where: string, expected: string, now: Seen<string>): string | null {
  if ('missing' in now) return `${where} cannot be read: ${now.missing}`
  return now.value === expected ? null : `${where} says ${now.value}, expected ${expected}`
}
