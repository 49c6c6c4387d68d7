// Decides beforehand what the shop of a rehearsal sells, what everybody has, and who orders what:
// each user has a part to play, by their turn among the winners or among the others. Pure.

import type { Discount } from '../../domain/coupons/messages.ts'
import type { Line } from '../../domain/orders/messages.ts'
import type { Intent } from './order-ledger.ts'

export type ShopPlan = {
  runId: string
  users: number
  products: number
  /** Pieces of the scarce product; of the others there are enough for everyone. */
  stock: number
  /** How many of the users have too little money for anything. */
  withoutMoney: number
}
export type PlannedProduct = { productId: string; name: string; price: number; stock: number }
/** The last product is the scarce one. */
export type Shop = { products: readonly PlannedProduct[]; couponId: string }
/** Placed at the same moment: one order, one order twice, or two for one coupon. */
export type Errand = readonly Intent[]

/** Odd prices, so that taking it off has to be rounded. */
export const discountOfRehearsal: Discount = { kind: 'percent', value: 15 }

const priceMin = 1_990
const priceStep = 1_010
const linesMax = 3
const quantityMax = 3
/** Of a user: those who race place two. */
const ordersMax = 2
/** Less than the cheapest order costs with the discount. */
const tooLittle = 100

export function shopOf({ runId, users, products, stock }: ShopPlan): Shop {
  const plenty = users * ordersMax * quantityMax
  return {
    couponId: `rehearsal-${runId}`,
    products: Array.from({ length: products }, (_, n) => {
      const scarce = n === products - 1
      return {
        productId: `rehearsal-${runId}-${scarce ? 'scarce' : n + 1}`,
        name: scarce ? `Scarce goods ${runId}` : `Goods ${n + 1} ${runId}`,
        price: priceMin + n * priceStep,
        stock: scarce ? stock : plenty,
      }
    }),
  }
}

/** What each user gets, by index; 0: their wallet is never touched. */
export function topUpsOf(plan: ShopPlan): number[] {
  const priceMax = priceMin + plan.products * priceStep
  const enough = ordersMax * linesMax * quantityMax * priceMax
  let poor = 0
  return Array.from({ length: plan.users }, (_, user) => {
    if (!isPoor(plan, user)) return enough
    poor += 1
    return poor % 2 === 0 ? 0 : tooLittle
  })
}

/** Spread evenly over all users, so that some of them win. */
export function isPoor({ users, withoutMoney }: ShopPlan, user: number): boolean {
  const before = Math.floor((user * withoutMoney) / users)
  return Math.floor(((user + 1) * withoutMoney) / users) > before
}

/** Every user orders; winners with their coupon, but for one in eight. */
export function errandsOf(plan: ShopPlan, won: readonly boolean[]): Errand[] {
  const shop = shopOf(plan)
  const errands: Errand[] = []
  const turns = { winner: 0, other: 0 }
  for (let user = 0; user < plan.users; user += 1) {
    const orders = { user, plain: plainLines(shop, user), shop }
    if (isPoor(plan, user)) {
      const coupon = won[user] === true ? { couponId: shop.couponId } : {}
      const poor = { user, wish: 'no_money', lines: orders.plain, ...coupon } as const
      errands.push([{ key: 'order', ...poor }])
    } else if (won[user] === true) {
      errands.push(ofWinner(turns.winner, orders))
      turns.winner += 1
    } else {
      errands.push(ofOther(turns.other, orders))
      turns.other += 1
    }
  }
  return errands
}

type Orders = { user: number; plain: readonly Line[]; shop: Shop }

function ofWinner(turn: number, { user, plain, shop }: Orders): Errand {
  const { couponId } = shop
  const order = { user, key: 'order', lines: plain }
  switch (turn % 8) {
    case 0: {
      const race = { ...order, wish: 'race', couponId } as const
      return [race, { ...race, key: 'rival' }]
    }
    case 1: {
      const click = { ...order, wish: 'double_click', couponId } as const
      return [click, click]
    }
    case 2:
      return [{ ...order, wish: 'scarce', lines: scarceLine(shop), couponId }]
    case 3:
      return [{ ...order, wish: 'plain' }]
    default:
      return [{ ...order, wish: 'plain', couponId }]
  }
}

function ofOther(turn: number, { user, plain, shop }: Orders): Errand {
  const order = { user, key: 'order' }
  switch (turn % 3) {
    case 0:
      return [{ ...order, wish: 'not_held', lines: plain, couponId: shop.couponId }]
    case 1:
      return [{ ...order, wish: 'scarce', lines: scarceLine(shop) }]
    default:
      return [{ ...order, wish: 'plain', lines: plain }]
  }
}

function scarceLine({ products }: Shop): Line[] {
  return products.slice(-1).map(({ productId }) => ({ productId, quantity: 1 }))
}

/** One to three different products, one to three pieces of each; never the scarce one. */
function plainLines({ products }: Shop, user: number): Line[] {
  const plenty = products.slice(0, -1)
  const lines = Math.min(1 + (user % linesMax), plenty.length)
  return plenty
    .map((_, n) => plenty[(user + n) % plenty.length] ?? plenty[0])
    .slice(0, lines)
    .flatMap((product, n) => {
      if (product === undefined) return []
      return [{ productId: product.productId, quantity: 1 + ((user + n) % quantityMax) }]
    })
}
