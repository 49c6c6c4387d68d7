// `firstcome rehearse orders` against a real service in one process: it adds up, what is lost on
// the way is asked for again, what is told wrong is noticed; and the command as people run it.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { readSecrets } from '../../../src/adapters/data-directory.ts'
import { noProgress, type Progress } from '../../../src/client/progress.ts'
import { ordersDefaults } from '../../../src/main/commands/rehearse.ts'
import { rehearseSale } from '../../../src/rehearsal/coupons/rehearse-sale.ts'
import {
  type OrdersPlan,
  type OrdersRehearsal,
  rehearseOrders,
} from '../../../src/rehearsal/orders/shopping.ts'
import { waitFor } from '../../services/server-process.ts'
import { type CliResult, runCli } from '../processes/cli-process.ts'
import {
  launchRole,
  removeDataDirectory,
  type ServiceProcess,
  startService,
} from '../processes/service-process.ts'
import { startTamperingProxy, type Tamper } from './tampering-proxy.ts'

const clock = systemClock()
const sizes = { users: 60, quantity: 30, products: 3, stock: 4, withoutMoney: 8, concurrency: 20 }

let service: ServiceProcess
before(async () => {
  // As it comes: users may ask 20 times a second.
  service = await startService({ env: { FIRSTCOME_USER_RATE_MAX: '20' } })
})
after(async () => {
  await service.stop()
  await removeDataDirectory(service.data)
})

async function rehearsed(given: Partial<OrdersPlan> = {}): Promise<OrdersRehearsal> {
  const { jwtSecret } = readSecrets(service.data)
  assert.ok(jwtSecret)
  return rehearseOrders(
    { clock, progress: noProgress() },
    {
      runId: randomBytes(4).toString('hex'),
      url: new URL(service.url),
      secret: jwtSecret,
      ...sizes,
      ...given,
    },
  )
}

async function rehearsedThrough(
  tamper: Tamper,
  given: Partial<OrdersPlan> = {},
): Promise<OrdersRehearsal> {
  const proxy = await startTamperingProxy(service.url, tamper)
  try {
    return await rehearsed({ url: new URL(proxy.url), ...given })
  } finally {
    await proxy.close()
  }
}

function broken({ verdicts }: OrdersRehearsal): string[] {
  return verdicts.filter(({ kept }) => kept === false).map(({ promise }) => promise)
}

function shown({ verdicts }: OrdersRehearsal): string {
  return JSON.stringify(verdicts, null, 1)
}

test('a real service keeps every promise, and everything that should happen does', async () => {
  const rehearsal = await rehearsed()
  assert.deepEqual(broken(rehearsal), [], shown(rehearsal))
  const ends = new Map<string, number>()
  for (const { answer } of rehearsal.orders.entries) {
    assert.ok(answer.kind === 'ended' || answer.kind === 'refused')
    const end =
      answer.kind === 'refused' ? answer.problem : (answer.order.reason ?? answer.order.status)
    ends.set(end, (ends.get(end) ?? 0) + 1)
  }
  assert.deepEqual([...ends.keys()].toSorted(), [
    'confirmed',
    'coupon-not-held',
    'coupon_already_used',
    'insufficient_funds',
    'out_of_stock',
  ])
  assert.equal(ends.get('insufficient_funds'), sizes.withoutMoney)
  assert.equal(rehearsal.sale.after?.issued, sizes.quantity)
  const scarce = rehearsal.verdicts.find(({ promise }) => promise === 'scarce')
  assert.match(scarce?.detail ?? '', /^4 of 4 sold, /)
})

test('with a coupon for everyone nobody is refused one', async () => {
  const rehearsal = await rehearsed({ users: 20, quantity: 20, withoutMoney: 0, stock: 100 })
  assert.deepEqual(broken(rehearsal), [], shown(rehearsal))
})

test('who is only told that the order was accepted follows it to its end', async () => {
  const rehearsal = await rehearsedThrough(({ method, path, body, status }) => {
    if (method !== 'POST' || path !== '/orders' || status !== 201) return {}
    const { orderId } = JSON.parse(body) as { orderId: string }
    return { status: 202, headers: { location: `/orders/${orderId}` }, body: '{}' }
  })
  assert.deepEqual(broken(rehearsal), [], shown(rehearsal))
  assert.ok(rehearsal.orders.entries.some(({ polls }) => polls > 0))
})

test('an answer that is cut off is asked for again, and nothing happens twice', async () => {
  let passed = 0
  const rehearsal = await rehearsedThrough(({ method, path }) => {
    const cut = /^\/(orders|products|wallets)/.test(path) && method === 'POST'
    if (cut) passed += 1
    return cut && passed % 3 === 0 ? null : {}
  })
  assert.deepEqual(broken(rehearsal), [], shown(rehearsal))
  assert.ok(rehearsal.orders.entries.some(({ retries }) => retries > 0))
})

type Json = Record<string, unknown>

/** Changes the answers to GETs of a path, after the orders. */
function lie(path: RegExp, change: (body: Json) => void): Tamper {
  return ({ method, path: asked, body }) => {
    if (method !== 'GET' || !path.test(asked)) return {}
    const content = JSON.parse(body) as Json
    change(content)
    return { body: JSON.stringify(content) }
  }
}

// Each waits until its end for what is wrong to become right.
describe('What is told wrong is noticed:', { concurrency: 3 }, () => {
  let letterReads = 0
  const table: [what: string, promises: string[], tamper: Tamper][] = [
    [
      'a wallet that has less',
      ['money'],
      lie(/^\/wallets\/mine/, (wallet) => {
        wallet.balance = Number(wallet.balance) - 1
      }),
    ],
    [
      'stock that was never given back',
      ['stock'],
      lie(/^\/products\/.*-1$/, (product) => {
        product.held = 1
        product.available = Number(product.available) - 1
      }),
    ],
    [
      'more sold than there was',
      ['scarce', 'stock'],
      lie(/^\/products\/.*-scarce$/, (product) => {
        product.sold = 5
        product.available = -1
      }),
    ],
    [
      'an order that is another one afterwards',
      ['told'],
      lie(/^\/orders\//, (order) => {
        order.couponId = 'another'
      }),
    ],
    [
      'a total that is wrong by one wherever it is told',
      ['discount'],
      ({ path, body }) => {
        if (!path.startsWith('/orders')) return {}
        return { body: body.replace(/"total":(\d+)/, (_, total) => `"total":${Number(total) + 1}`) }
      },
    ],
    [
      'dead letters',
      ['letters'],
      ({ path, body }) => {
        if (!path.startsWith('/dead-letters') || (letterReads += 1) === 1) return {}
        const letter = { deadLetterId: 'd', consumer: 'stock-step', key: 'k', reason: 'away' }
        return { body: body.replace('[]', JSON.stringify([letter])) }
      },
    ],
    [
      'a coupon that is never used',
      ['coupons', 'shown'],
      lie(/^\/me\/coupons/, ({ coupons }) => {
        for (const coupon of coupons as Json[]) coupon.status = 'unused'
      }),
    ],
  ]
  for (const [what, promises, tamper] of table) {
    test(what, async () => {
      const few = { users: 32, quantity: 16, withoutMoney: 4 }
      const rehearsal = await rehearsedThrough(tamper, few)
      assert.deepEqual(broken(rehearsal), promises, shown(rehearsal))
    })
  }
})

describe('With a payment service, which is away,', () => {
  let paying: ServiceProcess
  before(async () => {
    // Nobody listens there: the port was just given back.
    const proxy = await startTamperingProxy(service.url, () => ({}))
    await proxy.close()
    const env = { FIRSTCOME_PAYMENT_URL: proxy.url, FIRSTCOME_ORDER_TIME_LIMIT_SECONDS: '2' }
    paying = await startService({ env })
  })
  after(async () => {
    await paying.crash()
    await removeDataDirectory(paying.data)
  })
  const few = { users: 8, quantity: 4, products: 2, stock: 2, withoutMoney: 2 }
  const rehearsedThere = (given: Partial<OrdersPlan>) => {
    const secret = readSecrets(paying.data).jwtSecret ?? ''
    const plan = { runId: 'real', url: new URL(paying.url), secret, ...sizes, ...few, ...given }
    return rehearseOrders({ clock, progress: noProgress() }, plan)
  }

  test('nothing is done before somebody says that real money may move', async () => {
    await assert.rejects(rehearsedThere({}), { code: 'unconfirmed', left: [] })
    const { coupons } = (await (await fetch(`${paying.url}/coupons`)).json()) as Json
    assert.deepEqual(coupons, [])
  })

  test('orders that run out of time are no service', async () => {
    const rehearsal = await rehearsedThere({ realMoney: true })
    const found = broken(rehearsal)
    for (const promise of ['expected', 'confirmed']) assert.ok(found.includes(promise), promise)
    const money = rehearsal.verdicts.find(({ promise }) => promise === 'money')
    assert.match(money?.detail ?? '', /^not judged: a payment service takes it/)
    const captures = '0 captures of 0 in all at the payment service, to be given back there'
    assert.ok(rehearsal.left.includes(captures), rehearsal.left.join('\n'))
  })

  test('a service that is killed in the middle is reported with what it told', async () => {
    let killed = false
    const kill = () => {
      if (killed) return
      killed = true
      void paying.crash()
    }
    const rehearsal = await rehearseSale(
      { clock, progress: seeing(/Asking: .* issued/, kill), limits: soonSilent },
      {
        runId: 'killed',
        url: new URL(paying.url),
        secret: readSecrets(paying.data).jwtSecret ?? '',
        users: 2000,
        asksPerUser: 1,
        load: { kind: 'open', ratePerSecond: 200 },
        coupon: { quantity: 2000 },
      },
    )
    assert.equal(rehearsal.cut?.code, 'unreachable')
    assert.ok(rehearsal.storm.entries.some(({ answer }) => answer.kind === 'issued'))
    assert.deepEqual(
      rehearsal.verdicts.filter(({ kept }) => kept === false),
      [],
    )
    assert.match(rehearsal.left.join(), /perhaps open to everyone \(nobody listens there\)/)
  })
})

const soonSilent = { silenceMsMax: 3_000, leaveMsMax: 500 }

/** Calls `then` where a line of progress is so, and each time after. */
function seeing(line: RegExp, then: () => void): Progress {
  return {
    ...noProgress(),
    during(says, work) {
      const look = setInterval(() => line.test(says()) && then(), 10)
      return work.finally(() => clearInterval(look))
    },
  }
}

describe('The command:', () => {
  const small = ['--users', '30', '--quantity', '15', '--stock', '2', '--concurrency', '10']
  const run = (...args: string[]): Promise<CliResult> =>
    runCli(['rehearse', 'orders', '--data', service.data, ...args])

  test('says what happened and ends with 0', async () => {
    const { exitCode, out, err } = await run(...small)
    assert.equal(exitCode, 0, out + err)
    assert.match(out, /^30 users storm a fresh coupon of 15, then order\n5 products, 2 pieces/)
    assert.match(out, /, 3 users without money\nrun [0-9a-f]{8} · http:/)
    assert.match(out, /\n {2}✓ money adds up .* = .* in wallets \+ .* paid\n/)
    assert.match(out, /\nEvery promise was kept\.\nLeft there: the coupon .*, closed\.\n/)
    assert.match(out, /\nLeft there: 5 products.*\nLeft there: 29 wallets .*\n/)
    assert.match(out, /\nLeft there: redemptions .*\nNext, .*firstcome audit\n$/)
    const [, couponId = ''] = /the coupon (rehearsal-\w+), closed/.exec(out) ?? []
    const coupon = (await (await fetch(`${service.url}/coupons/${couponId}`)).json()) as Json
    assert.equal(coupon.status, 'closed')
  })

  test('ended by Ctrl-C closes its coupon, says what was told, and ends with 130', async () => {
    const { jwtSecret = '' } = readSecrets(service.data)
    const env = { FIRSTCOME_JWT_SECRET: jwtSecret, FIRSTCOME_DATA: service.data }
    const storm = ['--users', '4000', '--quantity', '4000', '--rate', '200', '--run', 'ended']
    const { child, exited, output } = launchRole({ role: 'rehearse', env }, storm)
    await waitFor('a yes', () => / issued /.test(output()))
    child.kill('SIGINT')
    assert.deepEqual(await exited, { code: 130, signal: null })
    await waitFor('the report', () => output().includes('Left there: '))
    assert.match(
      output(),
      /\nIt ended before its end: interrupted\.\nThis is what was told until then/,
    )
    assert.match(output(), /\nLeft there: the coupon rehearsal-ended, closed\.\n/)
    const coupon = (await (await fetch(`${service.url}/coupons/rehearsal-ended`)).json()) as Json
    assert.equal(coupon.status, 'closed')
  })

  test('with --json prints one object and nothing else', async () => {
    const { exitCode, out, err } = await run(...small, '--without-money', '0', '--json')
    assert.equal(err, '')
    assert.partialDeepStrictEqual(JSON.parse(out), { verdict: 'kept', users: 30, withoutMoney: 0 })
    assert.equal(exitCode, 0)
  })

  test('that finds a difference ends with 1 and names it', async () => {
    // The same in every answer, so that nothing is to be hoped for from reading again.
    const proxy = await startTamperingProxy(service.url, ({ body }) => {
      return { body: body.replaceAll('insufficient_funds', 'payment_declined') }
    })
    const few = ['--users', '4', '--quantity', '2', '--url', proxy.url]
    const { exitCode, out } = await run(...few)
    await proxy.close()
    assert.equal(exitCode, 1)
    assert.match(out, /✗ each as it should .*\n {6}user-\w+ \(no money\) was told payment_declined/)
    assert.match(out, /\n1 promise broken\.\n/)
  })

  test('without a service ends with 3', async () => {
    const proxy = await startTamperingProxy(service.url, () => ({}))
    await proxy.close()
    const { exitCode, err } = await run('--url', proxy.url)
    assert.equal(exitCode, 3)
    assert.match(err, /cannot be reached: nobody listens there/)
  })

  test('names its defaults in its help, and needs no settings of the role of its name', async () => {
    const { out } = await run('--help')
    const { withoutMoney, users, ...others } = ordersDefaults
    assert.equal(users / withoutMoney, 10)
    for (const value of [users, ...Object.values(others)])
      assert.ok(out.includes(`(${value})`), out)
  })

  const wrong: [args: string[], message: RegExp][] = [
    [['--products', '1'], /--products must be from 2 to 1000/],
    [['--users', '5', '--without-money', '6'], /--without-money must be at most/],
    [['--users', '50001'], /--users must be at most 50000/],
    [['--concurrency', '1001'], /--concurrency must be at most 1000/],
    [['--stock', '0'], /'--stock <number>' .*1 or more/],
    [['--without-money', 'all'], /'--without-money <number>' .*0 or more/],
    [['--rate', '9'], /--rate is an option of `rehearse`, not of `rehearse orders`/],
    [['--coupon', 'spring'], /--coupon is an option of/],
  ]
  for (const [args, message] of wrong) {
    test(`${args.join(' ')} is wrong usage`, async () => {
      const { exitCode, out, err } = await run(...args)
      assert.equal(exitCode, 2)
      assert.match(err, message)
      assert.equal(out, '')
    })
  }
})
