// The path of a claim: what the log has settled is answered from memory; else the claim is
// appended, waits until this node's fold meets its record, and is answered with what the record
// decided. Never a "no" that the log did not say: an append that may have been stored waits for
// the log, and then ends in 'pending'; and while a claim of one's own may still be written, memory
// says no to nobody.

import { audienceOf } from '../../domain/coupons/audience.ts'
import { codeDeriver, rememberCodes } from '../../domain/coupons/codes.ts'
import { type ClaimCommand, type ClaimOutcome, settled } from '../../domain/coupons/decide.ts'
import { claimsTopic, encodeMessage } from '../../domain/coupons/messages.ts'
import { validUntilOf } from '../../domain/coupons/validity.ts'
import type { Instant } from '../../ports/clock.ts'
import type { LogEntry } from '../../ports/log.ts'
import { createAppendBatcher } from '../batcher.ts'
import {
  busy,
  type ClaimAnswer,
  type ClaimService,
  notHere,
  pending,
  refusedBy,
  starting,
  stopping,
  type TokenClaims,
} from './claim-answers.ts'
import type { ClaimPathParts } from './claim-parts.ts'
import type { CouponFold, FoldListener } from './coupon-fold.ts'
import { type Asked, type NewClaim, OpenClaims } from './open-claims.ts'

/** The steps of a claim. What stands before the log is a decorator of them. */
export type ClaimPath = FoldListener & {
  /** False where what was read of its partition may be out of date, or is incomplete for good. */
  trustsMemory(couponId: string): boolean
  /** The answer that the log has settled already; null: only the log can say. */
  settled(asked: Asked): ClaimAnswer | null
  /** What has been read says so, be it out of date or not. */
  mine(asked: Asked): ClaimAnswer | null
  /** Sends it to the log. False where too many wait: nothing is stored. */
  send(claim: NewClaim): boolean
}

/** One claim along the path, from the question to its answer. */
export function claimAlong(path: ClaimPath, parts: ClaimPathParts): ClaimService['claim'] {
  const { closed, fold, newId, observe, state, waiters } = parts
  function atOnce(answer: ClaimAnswer): ClaimAnswer {
    observe?.answered(answer.kind, 'memory')
    return answer
  }

  const claim: ClaimService['claim'] = (couponId, userId, asking = {}) => {
    if (state.stopping) return atOnce(stopping)
    if (!fold.knows(couponId)) return atOnce(starting)
    const asked = askedBy(fold, { couponId, userId }, asking.token)
    const known = path.settled(asked)
    if (known === notHere) return onceLookedUp(couponId, userId, asking)
    if (known !== null) return atOnce(known)
    const sent = { ...asked, claimId: newId(), arrivedAt: asking.arrivedAt }
    return path.send(sent) ? waiters.wait(sent.claimId) : atOnce(busy)
  }

  async function onceLookedUp(...[couponId, userId, asking]: Parameters<typeof claim>) {
    const missing = await closed.lookUp({ couponId, userId })
    return missing === null ? claim(couponId, userId, asking) : atOnce(missing)
  }
  return claim
}

/** With what the token says, where the coupon asks for it. */
export function askedBy(
  { coupons }: Pick<CouponFold, 'coupons'>,
  asked: Asked,
  token: TokenClaims = {},
): Asked {
  const { audience } = coupons.get(asked.couponId)?.terms ?? {}
  const value = audience && audienceOf(audience, token)
  return value === undefined ? asked : { ...asked, audience: value }
}

export function createClaimPath(parts: ClaimPathParts): ClaimPath {
  const { clock, fold, limits, observe, state, waiters } = parts
  const answerOf = answerFrom(fold, parts.codeSecret)
  const open = new OpenClaims()
  const appends = createAppendBatcher<LogEntry & { claim: NewClaim }>({
    log: parts.log,
    topic: claimsTopic,
    clock,
    partitionOf: ({ key }) => fold.partitionOf(key),
    perBatchMax: limits.claimsPerBatchMax,
    waitingMax: limits.claimsWaitingMax,
    everyMsMin: limits.appendEveryMsMin,
    onAppended: (claims, seconds) => observe?.appended(claims, seconds),
    onFailed: (stored) => observe?.appendFailed(stored),
    onRefused({ claim }, error) {
      open.remove(claim)
      waiters.answer(claim.claimId, refusedBy(error))
    },
    onError: parts.onError,
  })

  const latest = () => fold.time.max()
  const estimate = () => fold.time.estimate()

  /** What is known is only as fresh as the fold. */
  function trustsMemory(couponId: string): boolean {
    const readAt = fold.lastReadAt(fold.partitionOf(couponId))
    return !state.broken && clock.monotonic() - readAt <= limits.tailStallMsMax
  }

  /** `nowMax`: a time that the log's clock cannot have passed. See `settled` of the domain. */
  function known(asked: Asked, nowMax: () => Instant): ClaimAnswer | null {
    const coupon = fold.coupons.get(asked.couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    if (coupon.winners.knows?.(asked.userId) === false) return notHere
    const outcome = settled(coupon, asked, nowMax)
    return outcome === null ? null : answerOf(outcome, asked)
  }

  return {
    trustsMemory,
    settled(asked) {
      if (!trustsMemory(asked.couponId)) return null
      const answer = known(asked, latest)
      return open.forbids(answer, asked) ? null : answer
    },
    mine(asked) {
      const answer = known(asked, estimate)
      return open.forbids(answer, asked) ? pending : answer
    },
    send(claim) {
      const value = encodeMessage({ type: 'coupon.claimed', ...claim })
      const isTaken = appends.add({ key: claim.couponId, value, claim })
      if (isTaken) open.add(claim)
      return isTaken
    },
    claimDecided(command, { outcome }) {
      const { claimId } = command.message
      const arrivedAt = open.decided(command.message)
      if (arrivedAt !== undefined) observe?.placed?.(command.message.couponId, arrivedAt)
      if (!waiters.isWaiting(claimId)) return
      const isKnown = outcome !== null
      waiters.answer(claimId, isKnown ? answerOf(outcome, command.message, command) : pending)
    },
    /** No claim waits for it. */
    controlDecided() {},
  }
}

/** What an outcome is called to whoever asked; `by`: the record that decided, if one did. */
function answerFrom({ coupons }: CouponFold, codeSecret: string) {
  const derive = codeDeriver(codeSecret)
  const codeOf = { issued: derive, already_issued: rememberCodes(derive) }
  return (outcome: ClaimOutcome, asked: Asked, by?: ClaimCommand): ClaimAnswer => {
    const { couponId, userId } = asked
    const coupon = coupons.get(couponId)
    if (coupon === undefined) return { kind: 'unknown_coupon' }
    const { kind } = outcome
    if (kind === 'issued' || kind === 'already_issued') {
      const { partition, rules } = coupon
      const { issued } = outcome
      const code = codeOf[kind]({ couponId, slot: issued.slot, claimId: issued.claimId, rules })
      const first = kind === 'issued'
      const validUntil = validUntilOf(coupon.terms, issued.appendedAt)
      return { kind: 'issued', first, couponId, userId, partition, issued, code, validUntil }
    }
    if (by === undefined) return { kind, coupon }
    const { message, partition, offset, appendedAt } = by
    return { kind, coupon, record: { claimId: message.claimId, partition, offset, appendedAt } }
  }
}
