// What a rehearsal of orders says of services that break a promise about redemptions, revokes or
// returns: each is told so, whatever else it does right.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { readSecrets } from '../../../src/adapters/data-directory.ts'
import { noProgress } from '../../../src/client/progress.ts'
import { type OrdersRehearsal, rehearseOrders } from '../../../src/rehearsal/orders/shopping.ts'
import {
  removeDataDirectory,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'
import { type Passing, startTamperingProxy, type Tamper } from './tampering-proxy.ts'

type Json = Record<string, unknown>

/** Every part at the tills is played at least once. */
const sizes = { users: 22, quantity: 11, products: 2, stock: 2, withoutMoney: 2, concurrency: 11 }

let service: ServiceProcess
before(async () => {
  service = await startService({})
})
after(async () => {
  await service.stop()
  await removeDataDirectory(service.data)
})

async function rehearsedThrough(tamper: Tamper): Promise<OrdersRehearsal> {
  const proxy = await startTamperingProxy(service.url, tamper)
  const secret = readSecrets(service.data).jwtSecret ?? ''
  const runId = randomBytes(4).toString('hex')
  try {
    return await rehearseOrders(
      { clock: systemClock(), progress: noProgress() },
      { runId, url: new URL(proxy.url), secret, ...sizes },
    )
  } finally {
    await proxy.close()
  }
}

function broken({ verdicts }: OrdersRehearsal): string[] {
  return verdicts.filter(({ kept }) => kept === false).map(({ promise }) => promise)
}

/** A redemption that was refused so is answered as if it had been taken. */
function takesAsWell(problem: string): () => Tamper {
  return () => {
    const known = new Map<unknown, Json>()
    return ({ method, path, sent, body, status }) => {
      if (method !== 'POST' || path !== '/redemptions') return {}
      const asked = JSON.parse(sent) as Json
      if (status < 300) known.set(asked.code, JSON.parse(body) as Json)
      const first = known.get(asked.code)
      if (!body.includes(`/problems/${problem}"`) || first === undefined) return {}
      const { reference, subtotal } = asked
      const off = Math.min(Math.floor((Number(subtotal) * 15) / 100), 3_000)
      const offer = { discount: off, total: Number(subtotal) - off }
      const made = { redemptionId: randomBytes(8).toString('hex'), reference, subtotal, ...offer }
      const taken = { ...first, ...made, status: asked.use === true ? 'used' : 'reserved' }
      return { status: 201, body: JSON.stringify(taken) }
    }
  }
}

/** Changes JSON that is answered so. */
function changed(is: (passing: Passing) => boolean, change: (body: Json) => void): () => Tamper {
  return () => (passing) => {
    if (passing.status >= 300 || !is(passing)) return {}
    const body = JSON.parse(passing.body) as Json
    change(body)
    return { body: JSON.stringify(body) }
  }
}

/** Changes what is read once the first order was returned. */
function lostByReturns(path: RegExp, change: (body: Json) => void): () => Tamper {
  return () => {
    let returned = false
    return (passing) => {
      returned ||= passing.path.endsWith('/return')
      const isIt = returned && passing.method === 'GET' && path.test(passing.path)
      return isIt ? changed(() => true, change)()(passing) : {}
    }
  }
}

const isOfRedemptions = ({ path }: Passing) => path.startsWith('/redemptions')

const planted: [what: string, promises: string[], tamper: () => Tamper][] = [
  // Also once all is revoked.
  ['a code that two tills may use', ['code_once', 'revokes'], takesAsWell('coupon-already-used')],
  ['a revoked coupon that is spent', ['revokes'], takesAsWell('coupon-revoked')],
  [
    'a discount above its cap',
    ['offers'],
    changed(isOfRedemptions, (told) => {
      const subtotal = Number(told.subtotal)
      const discount = Math.floor((subtotal * 15) / 100)
      Object.assign(told, { discount, total: subtotal - discount })
    }),
  ],
  [
    'a revoke that counts more than it took',
    ['revokes'],
    changed(
      ({ path, sent }) => path.endsWith('/revocations') && sent.includes('"all"'),
      (told) => {
        told.revoked = Number(told.revoked) + 3
      },
    ),
  ],
  [
    'a spent code that is shown unused',
    ['shown'],
    changed(
      ({ path }) => path.startsWith('/codes/'),
      (told) => {
        if (told.status === 'used') told.status = 'unused'
      },
    ),
  ],
  [
    'an order that is returned twice',
    ['returns'],
    () => {
      let returned = ''
      return ({ path, status, body }) => {
        if (!path.endsWith('/return')) return {}
        if (status === 200) returned = body
        return body.includes('order-already-returned') ? { status: 200, body: returned } : {}
      }
    },
  ],
  [
    'a return without the money',
    ['returns'],
    lostByReturns(/^\/wallets\/mine/, (wallet) => {
      wallet.balance = Number(wallet.balance) - 1
    }),
  ],
  [
    'a return without the pieces',
    ['returns'],
    lostByReturns(/^\/products\//, (product) => {
      product.available = Number(product.available) - 1
      product.sold = Number(product.sold) + 1
    }),
  ],
  [
    'a return without the coupon',
    ['returns'],
    lostByReturns(/^\/me\/coupons/, ({ coupons }) => {
      for (const coupon of coupons as Json[]) {
        const isOfOrders = !String(coupon.couponId).endsWith('-tills')
        if (isOfOrders && coupon.orderId === undefined) {
          Object.assign(coupon, { status: 'used', orderId: 'x' })
        }
      }
    }),
  ],
]

// Each rehearsal has a shop, users and coupons of its own, and waits as long as it may for what is
// wrong to become right.
describe('A service with', { concurrency: 5 }, () => {
  for (const [what, promises, tamper] of planted) {
    test(`${what} breaks: ${promises.join(', ')}`, async () => {
      const rehearsal = await rehearsedThrough(tamper())
      const shown = JSON.stringify(rehearsal.verdicts, null, 1)
      assert.deepEqual(
        broken(rehearsal).filter((promise) => promise !== 'sale'),
        promises,
        shown,
      )
    })
  }
})
