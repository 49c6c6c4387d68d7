// What is asked of the service for each act, from what stands in its form. Pure.

import type { Coupon } from '../model.ts'
import { fieldOf, instantOf } from './times.ts'

/** In the order of their buttons. */
export const actNames = ['restock', 'pause', 'resume', 'close', 'edit', 'revoke'] as const
export type ActName = (typeof actNames)[number]

/** What stands in the fields of a form, by their names; a box that is not ticked is not there. */
export type Fields = Readonly<Record<string, string>>
/** What an act is asked for with, without why. */
export type Wish = Readonly<Record<string, unknown>>

/** Acts that cannot be undone: the coupon’s id is typed. */
export const isFinal = (act: ActName): boolean => act === 'close' || act === 'revoke'

export function callOf(act: ActName, couponId: string): { method: string; path: string } {
  const path = `/coupons/${couponId}`
  if (act === 'edit') return { method: 'PATCH', path }
  return { method: 'POST', path: `${path}/${act === 'revoke' ? 'revocations' : act}` }
}

/** null: what it needs is not there yet. */
export function wishOf(act: ActName, fields: Fields, coupon: Coupon): Wish | null {
  switch (act) {
    case 'restock': {
      const add = countOf(fields.add)
      return add === null ? null : { add }
    }
    case 'edit':
      return editOf(fields, coupon)
    case 'revoke': {
      if (fields.everyone !== undefined) return { all: true }
      const userId = textOf(fields.user)
      return userId === undefined ? null : { userId }
    }
    case 'pause':
    case 'resume':
    case 'close':
      return {}
  }
}

/** Only what is other than it was. */
function editOf(fields: Fields, { name, opensAt, closesAt }: Coupon): Wish | null {
  const wish: Record<string, unknown> = {}
  const newName = textOf(fields.name)
  if (newName !== undefined && newName !== name) wish.name = newName
  for (const [field, before] of Object.entries({ opensAt, closesAt })) {
    const given = fields[field] ?? ''
    if (before !== null && given === fieldOf(before)) continue
    const at = instantOf(given)
    if (at !== null) wish[field] = at
  }
  return Object.keys(wish).length === 0 ? null : wish
}

/** A new coupon, with its id. */
export function newCouponOf(fields: Fields): Wish | null {
  const couponId = textOf(fields.couponId)
  const name = textOf(fields.name)
  const quantity = countOf(fields.quantity)
  if (couponId === undefined || name === undefined || quantity === null) return null
  const given = {
    opensAt: instantOf(fields.opensAt ?? ''),
    closesAt: instantOf(fields.closesAt ?? ''),
    discount: discountOf(fields),
    minimum: countOf(fields.minimum),
    validUntil: instantOf(fields.validUntil ?? ''),
    validDays: countOf(fields.validDays),
    audience: audienceOf(fields),
  }
  const terms = Object.entries(given).filter(([, value]) => value !== null)
  return { couponId, name, quantity, ...Object.fromEntries(terms) }
}

function discountOf({ discount, discountValue, discountMax }: Fields): Wish | null {
  const value = countOf(discountValue)
  if (value === null || (discount !== 'amount' && discount !== 'percent')) return null
  const max = discount === 'percent' ? countOf(discountMax) : null
  return { kind: discount, value, ...(max !== null && { max }) }
}

function audienceOf(fields: Fields): Wish | null {
  const attribute = textOf(fields.attribute)
  const lines = (fields.values ?? '').split('\n').map((line) => line.trim())
  const values = lines.filter((line) => line !== '')
  return attribute === undefined || values.length === 0 ? null : { attribute, values }
}

/** A positive whole number, also with separators; null: none. */
export function countOf(text: string | undefined): number | null {
  const digits = (text ?? '').replaceAll(/[\s,]/g, '')
  if (!/^\d{1,15}$/.test(digits)) return null
  return Number(digits) > 0 ? Number(digits) : null
}

/** As it is sent: nobody means the spaces round it. */
export function textOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}
