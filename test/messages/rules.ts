// What a record must keep that JSON Schema cannot say, as readers see it and written a
// second time: the tests hold it against what the domain reads.

import { newestRules } from '../../src/domain/coupons/messages.ts'
import { instantPattern, type Schema, type Wire } from '../../src/domain/field.ts'
import { deadLetterId } from '../../src/domain/orders/dead-letter-messages.ts'
import { orderSumMax } from '../../src/domain/orders/messages.ts'
import type { Origin } from '../../src/domain/orders/retries.ts'
import { type Topic } from '../../src/domain/record.ts'

/** `mend`: what keeps it, made from what keeps the schema; tests generate records with it. */
export type Rule = {
  says: string
  holds(wire: Wire): boolean
  mend(wire: Wire): Wire
}

export function rulesOf(
  type: string,
  { rule }: Topic['records'][string],
  { properties = {} }: Schema,
): Rule[] {
  const named = (is: (field: Schema) => boolean) => {
    return Object.keys(properties).filter((name) => is(properties[name] ?? {}))
  }
  const counted = named(({ utf16Max }) => utf16Max !== undefined)
  const times = named(({ pattern }) => pattern === instantPattern)
  const normal = named(({ normalForm }) => normalForm !== undefined)
  const lists = named(({ distinctBy }) => distinctBy !== undefined)
  const own = ownRules[type]
  if ((own === undefined) !== (rule === undefined)) throw new Error(`the rule of ${type}`)
  return [
    ...(counted.length > 0 ? [identifiersFit(counted)] : []),
    ...(times.length > 0 ? [instantsExist(times)] : []),
    ...(normal.length > 0 ? [usersAreNormal(normal)] : []),
    ...(normal.length === 0 && 'expected' in properties ? [expectingIsNew] : []),
    ...lists.map(productsDiffer),
    ...(own === undefined || rule === undefined ? [] : [{ says: rule.says, ...own }]),
  ]
}

const identifierUnitsMax = 300

function identifiersFit(names: readonly string[]): Rule {
  const all = names.map((name) => `\`${name}\``).join(' and ')
  return {
    says: `${all} ${names.length > 1 ? 'are' : 'is'} counted in UTF-16 units: most emoji are two.`,
    holds: (wire) => names.every((name) => String(wire[name]).length <= identifierUnitsMax),
    mend: (wire) => ({ ...wire, ...Object.fromEntries(names.map((it) => [it, cut(wire[it])])) }),
  }
}

function cut(identifier: unknown): string {
  return Array.from(String(identifier))
    .slice(0, identifierUnitsMax / 2)
    .join('')
}

function usersAreNormal(names: readonly string[]): Rule {
  const all = names.map((name) => `\`${name}\``).join(' and ')
  const isPlain = (wire: Wire) => names.every((name) => /^[!-~]+$/.test(String(wire[name])))
  const versionOf = (wire: Wire) => (wire.expected !== undefined ? 3 : isPlain(wire) ? 1 : 2)
  return {
    says: `${all} is in Unicode’s form NFC, and \`v\` is 2 where it has more than visible ASCII.`,
    holds: (wire) => {
      const isNormal = names.every((name) => String(wire[name]).normalize() === wire[name])
      return isNormal && (wire.v === undefined || wire.v === versionOf(wire))
    },
    mend: (given) => {
      const users = names.map((name) => [name, normalUser(String(given[name]))])
      const wire: Wire = { ...given, ...Object.fromEntries(users) }
      return { ...wire, v: versionOf(wire) }
    },
  }
}

/** Of records without a user; else the rule of users says it. */
const expectingIsNew: Rule = {
  says: '`v` is 3 where it has `expected`, else 1.',
  holds: ({ v, expected }) => v === undefined || v === (expected === undefined ? 1 : 3),
  mend: (wire) => ({ ...wire, v: wire.expected === undefined ? 1 : 3 }),
}

/** Normal forms may be longer. */
function normalUser(name: string): string {
  return Array.from(name.normalize()).slice(0, 128).join('')
}

function instantsExist(names: readonly string[]): Rule {
  const exists = (at: unknown) => {
    if (at === undefined) return true
    const ms = msOf(at)
    return !Number.isNaN(ms) && new Date(ms).toISOString() === at
  }
  return {
    says: 'The times exist: no 13th month, no 30 February.',
    holds: (wire) => names.every((name) => exists(wire[name])),
    mend: (wire) => wire,
  }
}

function productsDiffer(name: string): Rule {
  const productsOf = (wire: Wire) => {
    return (wire[name] as { productId: string }[]).map(({ productId }) => productId)
  }
  return {
    says: 'No product stands in two lines.',
    holds: (wire) => new Set(productsOf(wire)).size === productsOf(wire).length,
    mend: (wire) => {
      const products = productsOf(wire)
      const all = wire[name] as Wire[]
      return { ...wire, [name]: all.filter((_, n) => products.indexOf(products[n] ?? '') === n) }
    },
  }
}

/** By type; what they say stands in their declaration. */
const ownRules: Readonly<Record<string, Omit<Rule, 'says'>>> = {
  'coupon.created': {
    holds: ({ v, rules, rehearsal, opensAt, closesAt, validUntil, validDays }) => {
      const isMarked = rehearsal !== undefined && rules === newestRules
      if (v !== undefined && v !== (isMarked ? 4 : 1)) return false
      if (validUntil !== undefined && validDays !== undefined) return false
      if (opensAt === undefined || closesAt === undefined) return true
      return msOf(closesAt) > msOf(opensAt)
    },
    mend: (given) => {
      const { validUntil: _, ...endless } = given
      // Of rules 1 the schema says more than the domain reads.
      const wire: Wire = {
        ...(given.validDays === undefined ? given : endless),
        rules: newestRules,
        v: given.rehearsal === undefined ? 1 : 4,
      }
      const { opensAt, closesAt, ...rest } = wire
      if (opensAt === undefined || closesAt === undefined) return wire
      if (opensAt === closesAt) return { ...rest, opensAt }
      const [first, last] = [opensAt, closesAt].toSorted((a, b) => msOf(a) - msOf(b))
      return { ...rest, opensAt: first, closesAt: last }
    },
  },
  'coupon.edited': {
    holds: ({ name, opensAt, closesAt }) => {
      if (opensAt === undefined || closesAt === undefined) {
        return [name, opensAt, closesAt].some((field) => field !== undefined)
      }
      return msOf(closesAt) > msOf(opensAt)
    },
    mend: (given) => {
      const { opensAt: _, ...wire } = given
      return { name: 'A name', ...wire }
    },
  },
  'coupon.revoked': {
    holds: ({ userId, all }) => (userId === undefined) !== (all === undefined),
    mend: (given) => {
      const { all: _, ...wire } = given
      return wire.userId === undefined ? { ...wire, all: true } : wire
    },
  },
  'order.payment_due': sumsUpTo(orderSumMax),
  'redemption.used': sumsUpTo(Number.MAX_SAFE_INTEGER),
  'dead_letter.buried': {
    holds: (wire) => wire.deadLetterId === idOf(wire),
    mend: (wire) => ({ ...wire, deadLetterId: idOf(wire) }),
  },
}

function sumsUpTo(max: number): Omit<Rule, 'says'> {
  return {
    holds: ({ subtotal, discount, total }) => {
      const [before, off] = [Number(subtotal), Number(discount)]
      return off <= before && total === before - off
    },
    mend: (wire) => {
      const subtotal = Math.min(Number(wire.subtotal), max)
      const discount = Math.min(Number(wire.discount), subtotal)
      return { ...wire, subtotal, discount, total: subtotal - discount }
    },
  }
}

function msOf(at: unknown): number {
  return Date.parse(at as string)
}

function idOf({ consumer, origin }: Wire): string {
  return deadLetterId(String(consumer), origin as Origin)
}
