// `firstcome redeem` and `firstcome redemption …` against a real service: what a till does with a
// code, as a person types it.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CliResult, runCli } from '../processes/cli-process.ts'
import {
  removeDataDirectory,
  type ServiceProcess,
  startService,
  untilReady,
} from '../processes/service-process.ts'

let service: ServiceProcess
let code = ''

function cli(...args: string[]): Promise<CliResult> {
  return runCli([...args, '--data', service.data])
}

async function done(...args: string[]): Promise<string> {
  const { exitCode, out, err } = await cli(...args)
  assert.deepEqual([exitCode, err], [0, ''], out)
  return out
}

before(async () => {
  service = await startService()
  await untilReady(service)
  const terms = ['--discount', '10%', '--discount-max', '500', '--minimum', '1000']
  await done('coupon', 'create', '--id', 'tea', '--name', 'Tea', '--quantity', '5', ...terms)
  const token = (await done('token', '--user', 'ann')).trim()
  const headers = { authorization: `Bearer ${token}` }
  const url = `${service.url}/coupons/tea/claims`
  const answer = await fetch(url, { method: 'POST', headers })
  code = ((await answer.json()) as { code: string }).code
})
after(async () => {
  await service.stop()
  await removeDataDirectory(service.data)
})

describe('A till on the command line', () => {
  test('looks a code up in whatever way it is typed, and takes nothing', async () => {
    const typed = code.toLowerCase().replaceAll('-', ' ')
    const out = await done('redeem', typed, '--preview', '--subtotal', '3000')
    assert.ok(out.startsWith(`code ${code}\n`), out)
    assert.match(out, /status {3}unused\n/)
    assert.match(out, /to pay {3}2700 \(300 off\)\n/)
    assert.match(await done('redeem', code, '--preview', '--subtotal', '9'), /refused: minimum/)
  })

  test('reserves, uses and lets go, and shows how it stands', async () => {
    const cart = ['--subtotal', '9000', '--reference', 'cart-7', '--key', 'k-1']
    const reserved = await done('redeem', code, ...cart)
    const [, id = ''] = /^redemption (\S+)\n/.exec(reserved) ?? []
    assert.match(reserved, /status {3}reserved\n {2}until {4}\d{4}-/)
    assert.match(reserved, /to pay {3}8500 \(9000 less 500\)\n/)
    assert.equal(await done('redeem', code, ...cart), reserved)
    assert.match(await done('redemption', 'use', id), /status {3}used\n/)
    const reason = ['--reason', 'sent back']
    assert.match(await done('redemption', 'release', id, ...reason), /status {3}released\n/)
    assert.match(await done('redemption', 'show', id), /status {3}released\n/)
    const again = ['--subtotal', '2000', '--reference', 'cart-8', '--use', '--json']
    const { status, total } = JSON.parse(await done('redeem', code, ...again)) as {
      status: string
      total: number
    }
    assert.deepEqual({ status, total }, { status: 'used', total: 1800 })
  })

  test('is refused with 1 what is no code or is used, and what is not whole with 2', async () => {
    const cart = ['--subtotal', '2000', '--reference', 'cart-9']
    const unknown = await cli('redeem', 'ABCD-EFGH-JKMN-0', ...cart)
    assert.equal(unknown.exitCode, 1)
    assert.match(unknown.err, /unknown-code/)
    const used = await cli('redeem', code, ...cart)
    assert.equal(used.exitCode, 1)
    assert.match(used.err, /coupon-already-used/)
    const short = await cli('redeem', code, '--subtotal', '2000')
    assert.equal(short.exitCode, 2)
    assert.match(short.err, /--reference/)
  })
})
