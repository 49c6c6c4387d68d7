// Decides beforehand what the shop of a rehearsal sells, what everybody has, and who orders what:
// each user has a part to play, by their turn among the winners or among the others. Pure.

import type { Line } from '../../domain/orders/messages.ts'
import type { Intent, Shop } from './order-evidence.ts'

export type ShopPlan = {
  runId: string
  users: number
  products: number
  /** Pieces of the scarce product; of the others there are enough for everyone. */
  stock: number
  /** How many of the users have too little money for anything. */
  withoutMoney: number
}
/** Placed at the same moment: one order, one order twice, or two for one coupon. */
export type Errand = readonly Intent[]

/** Odd prices, so that taking it off has to be rounded. */
export const discountOfRehearsal = { kind: 'percent', value: 15 } as const

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
  const turns = { winner: 0, other: 0 }
  return Array.from({ length: plan.users }, (_, user): Errand => {
    const isWinner = won[user] === true
    const plain = { user, key: 'order', wish: 'plain', lines: plainLines(shop, user) } as const
    if (isPoor(plan, user)) {
      return [{ ...plain, wish: 'no_money', ...(isWinner && { couponId: shop.couponId }) }]
    }
    return isWinner ? ofWinner(turns.winner++, plain, shop) : ofOther(turns.other++, plain, shop)
  })
}

/** What an order costs. On its own account: the service's function would share its mistakes. */
export function dueOf({ products }: Shop, { lines, couponId }: Intent) {
  const priced = lines.map((line) => {
    const product = products.find(({ productId }) => productId === line.productId)
    return { ...line, unitPrice: product?.price ?? 0 }
  })
  const subtotal = priced.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0)
  const percent = couponId === undefined ? 0 : discountOfRehearsal.value
  const discount = Math.floor((subtotal * percent) / 100)
  return { lines: priced, sums: { subtotal, discount, total: subtotal - discount } }
}

function ofWinner(turn: number, plain: Intent, shop: Shop): Errand {
  const { couponId } = shop
  switch (turn % 8) {
    case 0:
      return ['order', 'rival'].map((key) => ({ ...plain, key, wish: 'race', couponId }))
    case 1:
      return [1, 2].map(() => ({ ...plain, wish: 'double_click', couponId }))
    case 2:
      return [{ ...plain, wish: 'scarce', lines: scarceLine(shop), couponId }]
    case 3:
      return [plain]
    default:
      return [{ ...plain, couponId }]
  }
}

function ofOther(turn: number, plain: Intent, shop: Shop): Errand {
  if (turn % 3 === 0) return [{ ...plain, wish: 'not_held', couponId: shop.couponId }]
  return [turn % 3 === 1 ? { ...plain, wish: 'scarce', lines: scarceLine(shop) } : plain]
}

function scarceLine({ products }: Shop): Line[] {
  return products.slice(-1).map(({ productId }) => ({ productId, quantity: 1 }))
}

/** One to three different products, one to three pieces of each; never the scarce one. */
function plainLines({ products }: Shop, user: number): Line[] {
  const plenty = products.slice(0, -1)
  const lines = Math.min(1 + (user % linesMax), plenty.length)
  return Array.from({ length: lines }, (_, n) => {
    const { productId = '' } = plenty[(user + n) % plenty.length] ?? {}
    return { productId, quantity: 1 + ((user + n) % quantityMax) }
  })
}
