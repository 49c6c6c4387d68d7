// What one coupon of the tills may answer, by what was asked of it alone: acts that went at the
// same moment may have come in any order, and one of these has to explain every answer. Pure.

import { isDefinite } from '../attempts.ts'
import type { Part, TillAct, ToldAct } from './till-evidence.ts'
import { offerOn } from './till-plan.ts'

export type CouponModel = {
  holder: { key: string; reference: string; status: 'reserved' | 'used' } | null
  /** The keys of those that had it. */
  ended: readonly string[]
  revoked: boolean
  /** By the revoke of all. */
  takenByAll: boolean
}
/** `model`: as it has to be in the end; or the stage that nothing explains. */
export type Explained = { model: CouponModel } | { stage: readonly ToldAct[]; revoked: boolean }

const fresh: CouponModel = { holder: null, ended: [], revoked: false, takenByAll: false }

export function explain({ stages }: Part<ToldAct>): Explained {
  let models = [fresh]
  let revoked = false
  for (const stage of stages) {
    revoked ||= stage.some(({ act }) => act.kind === 'revoke' || act.kind === 'revoke_all')
    const named = stage.filter(({ act, answer }) => answer !== null || act.kind === 'revoke_all')
    models = models.flatMap((model) => {
      return orders(named).flatMap((order) => afterAll(model, order) ?? [])
    })
    if (models.length === 0) return { stage, revoked }
  }
  return { model: models[0] ?? fresh }
}

/** Of one or two at once; no stage has more. */
function orders(stage: readonly ToldAct[]): (readonly ToldAct[])[] {
  return stage.length < 2 ? [stage] : [stage, stage.toReversed()]
}

/** Null: something was answered otherwise. */
function afterAll(model: CouponModel, acts: readonly ToldAct[]): CouponModel | null {
  let now = model
  for (const { act, answer } of acts) {
    const expected = afterOne(now, act)
    const isSame = expected.answer === toldName(answer)
    if (answer !== null && !isSame) return null
    now = expected.model
  }
  return now
}

/** In one word. */
export function toldName(answer: ToldAct['answer']): string {
  if (answer === null) return 'nothing'
  if (!isDefinite(answer)) return answer.kind
  if (answer.kind === 'refused') return answer.problem
  return answer.kind === 'revoked' ? `revoked ${answer.revoked}` : answer.redemption.status
}

type Expected = { answer: string; model: CouponModel }

function afterOne(model: CouponModel, act: TillAct): Expected {
  const { holder, ended, revoked } = model
  switch (act.kind) {
    case 'redeem':
      return afterRedeem(model, act)
    case 'use':
      if (holder?.key !== act.key) return { answer: 'redemption-released', model }
      return { answer: 'used', model: { ...model, holder: { ...holder, status: 'used' } } }
    case 'release': {
      const isHeld = holder?.key === act.key
      const after = isHeld ? { ...model, holder: null, ended: [...ended, act.key] } : model
      return { answer: 'released', model: after }
    }
    case 'revoke':
    case 'revoke_all': {
      const taken = holder === null && !revoked
      const takenByAll = act.kind === 'revoke_all' && taken
      return { answer: `revoked ${taken ? 1 : 0}`, model: { ...model, revoked: true, takenByAll } }
    }
  }
}

function afterRedeem(model: CouponModel, act: TillAct & { kind: 'redeem' }): Expected {
  const { holder, ended, revoked } = model
  const { key, reference, subtotal, use } = act
  if (holder?.key === key) return { answer: holder.status, model }
  if (offerOn(subtotal) === null) return { answer: 'minimum-not-met', model }
  const isOwn = holder?.status === 'reserved' && holder.reference === reference
  if (holder !== null && !isOwn) return { answer: 'coupon-already-used', model }
  if (revoked) return { answer: 'coupon-revoked', model }
  const status = use ? 'used' : 'reserved'
  const before = holder === null ? ended : [...ended, holder.key]
  return { answer: status, model: { ...model, holder: { key, reference, status }, ended: before } }
}

/** As everybody is shown it. */
export function statusOf({ holder, revoked }: CouponModel): string {
  if (holder !== null) return holder.status
  return revoked ? 'revoked' : 'unused'
}
