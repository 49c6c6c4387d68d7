// The calls that publish a sale, over what the consumer of the proof stores of the records that the
// server's claims have appended.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCheckpoint, parseCheckpoint } from '../../../src/domain/proof/checkpoint.ts'
import { readReceipt, receiptFaults } from '../../../src/domain/proof/receipt.ts'
import { formatVerifierKey, parseNote, verifierKey } from '../../../src/domain/proof/signed-note.ts'
import { appendLeaf, emptyTree, leafHash, rootOf } from '../../../src/domain/proof/tree.ts'
import { isConsistent, isIncluded } from '../../../src/domain/proof/tree-proofs.ts'
import { keyOf, otherKey, ownKey, prefix } from '../../models/published-sale.ts'
import { startTestServer } from './fixture.ts'
import { publicKey, startProofServer } from './proof-server.ts'

function checkpointIn(note: string) {
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '')
  assert.ok(checkpoint)
  return checkpoint
}

const decoded = (body: Record<string, unknown>) => {
  return (body.hashes as string[]).map((hash) => Buffer.from(hash, 'base64'))
}

test('A sale is published: key, checkpoint, entries, and proofs that hold.', async (t) => {
  const { claim, publish, get } = await startProofServer(t)
  for (const user of ['ann', 'bob', 'cat']) await claim(user)
  await publish()
  const key = await get('/coupons/sale/proof/key')
  assert.equal(key.headers.get('content-type'), 'text/plain; charset=utf-8')
  const ofSale = verifierKey(`${prefix}/coupons/sale`, publicKey)
  assert.equal(key.text, `${formatVerifierKey(ofSale)}\n`)
  const all = await get('/proof/key')
  assert.equal(all.text, `${formatVerifierKey(verifierKey(prefix, publicKey))}\n`)
  const known = (name: string) => `${formatVerifierKey(keyOf(otherKey, name))}\n`
  const ofSaleOnce = key.text + known(`${prefix}/coupons/sale`)
  assert.equal((await get('/coupons/sale/proof/keys')).text, ofSaleOnce, 'and the one before')
  assert.equal((await get('/proof/keys')).text, all.text + known(prefix))

  const note = await get('/coupons/sale/proof/checkpoint')
  assert.equal(note.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(note.headers.get('cache-control'), 'public, max-age=1')
  const keys = [keyOf(ownKey, prefix)]
  assert.ok(!('fault' in openCheckpoint(note.text, { couponId: 'sale', keys })))
  const { size, root } = checkpointIn(note.text)
  assert.equal(size, 4)

  const entries = await get('/coupons/sale/proof/entries')
  assert.equal(entries.headers.get('content-type'), 'application/x-ndjson')
  assert.ok(entries.text.endsWith('\n'))
  const leaves = entries.text.split('\n').slice(0, -1)
  assert.equal(leaves.length, 4)
  const tree = emptyTree()
  const roots = [rootOf(tree)]
  for (const leaf of leaves) {
    appendLeaf(tree, leafHash(leaf))
    roots.push(rootOf(tree))
  }
  assert.deepEqual(rootOf(tree), root)

  for (let to = 0; to <= size; to++) {
    for (let from = 0; from <= to; from++) {
      const path = `/coupons/sale/proof/consistency?from=${from}&to=${to}`
      const { status, body } = await get(path)
      assert.equal(status, 200, path)
      const proof = decoded(body)
      if (from === 0 || from === to) assert.deepEqual(proof, [])
      const [fromRoot = root, toRoot = root] = [roots[from], roots[to]]
      assert.ok(isConsistent({ from, to, fromRoot, toRoot, proof }))
    }
    for (let n = 0; n < to; n++) {
      const { body } = await get(`/coupons/sale/proof/inclusion?n=${n}&size=${to}`)
      const [leaf, at = root] = [leafHash(leaves[n] ?? ''), roots[to]]
      assert.ok(isIncluded({ n, size: to, leaf, root: at, proof: decoded(body) }))
    }
  }
})

test('Entries come in pages, up to the newest checkpoint and not beyond it.', async (t) => {
  const { claim, publish, get } = await startProofServer(t)
  for (const user of ['ann', 'bob']) await claim(user)
  await publish()
  const page = async (query: string) => (await get(`/coupons/sale/proof/entries?${query}`)).text
  const all = await page('from=0&limit=10000')
  const lines = all.split('\n').slice(0, -1)
  assert.equal(await page('from=1&limit=1'), `${lines[1]}\n`)
  assert.equal(await page('limit=2'), `${lines[0]}\n${lines[1]}\n`)
  assert.equal(await page('from=1'), `${lines[1]}\n${lines[2]}\n`)
  const end = await get('/coupons/sale/proof/entries?from=3')
  assert.deepEqual([end.status, end.text], [200, ''])
  assert.match(
    (await get('/coupons/sale/proof/entries?limit=3')).headers.get('cache-control') ?? '',
    /immutable/,
  )
  assert.equal(end.headers.get('cache-control'), 'public, max-age=1')
})

test('Numbers that are none, or beyond the tree, are refused.', async (t) => {
  const { claim, publish, get } = await startProofServer(t)
  await claim('ann')
  await publish()
  const wrong = [
    'entries?from=3',
    'entries?from=-1',
    'entries?from=x',
    'entries?from=1.5',
    'entries?limit=0',
    'entries?limit=10001',
    'entries?limit=',
    'entries?size=1',
    'inclusion',
    'inclusion?n=0',
    'inclusion?size=1',
    'inclusion?n=0&size=0',
    'inclusion?n=2&size=2',
    'inclusion?n=0&size=3',
    'inclusion?n=-1&size=1',
    'inclusion?n=0x0&size=1',
    'inclusion?n=0&size=1e0',
    'inclusion?n=99999999999999999999&size=1',
    'consistency',
    'consistency?from=0',
    'consistency?to=1',
    'consistency?from=2&to=1',
    'consistency?from=0&to=3',
    'consistency?from=-1&to=1',
    'consistency?from=a&to=b',
  ]
  for (const call of wrong) {
    const { status, body } = await get(`/coupons/sale/proof/${call}`)
    assert.deepEqual([status, body.type], [422, '/problems/invalid-request'], call)
  }
})

test('What is not there is 404, and what is not there yet 503.', async (t) => {
  const { claim, publish, get, store, noReader } = await startProofServer(t)
  const calls = [
    'proof/checkpoint',
    'proof/entries',
    'proof/inclusion?n=0&size=1',
    'proof/consistency?from=0&to=1',
    'claims/mine/receipt',
  ]
  const answered = async (couponId: string) => {
    const answers = await Promise.all(
      calls.map((call) => get(`/coupons/${couponId}/${call}`, 'ann')),
    )
    return answers.map(({ status, body, headers }) => [
      status,
      body.reason ?? body.type,
      headers.get('retry-after'),
    ])
  }
  const each = (...one: unknown[]) => calls.map(() => one)
  assert.deepEqual(await answered('other'), each(404, '/problems/unknown-coupon', null))
  assert.equal((await get('/coupons/other/proof/key')).status, 404)
  assert.deepEqual(await answered('sale'), each(503, 'proof_behind', '1'), 'no tree yet')
  await claim('ann')
  await publish()
  assert.ok((await answered('sale')).every(([status]) => status === 200))
  await store.drop()
  assert.deepEqual(await answered('sale'), each(503, 'proof_behind', '1'), 'it is made again')
  noReader()
  assert.deepEqual(await answered('sale'), each(503, 'database_starting', '1'))
})

test('Where no proof is made, its calls are 404.', async (t) => {
  const { call } = await startTestServer(t)
  await call('POST /coupons', { as: 'operator', json: { couponId: 'a', name: 'A', quantity: 1 } })
  const keys = ['/proof/key', '/proof/keys', '/coupons/a/proof/key', '/coupons/a/proof/keys']
  const paths = [...keys, '/coupons/a/proof/checkpoint']
  const more = ['/coupons/a/proof/entries', '/coupons/a/proof/inclusion?n=0&size=1']
  for (const path of [...paths, ...more, '/coupons/a/claims/mine/receipt']) {
    const { status, body } = await call(`GET ${path}`)
    assert.deepEqual([status, body.type], [404, '/problems/no-proof'], path)
  }
})

test('A receipt has all claims of its user, and a checkpoint for who has none.', async (t) => {
  const { claim, publish, get } = await startProofServer(t, { limit: 1 })
  for (const user of ['ann', 'bob', 'ann', 'bob']) await claim(user)
  await publish()
  const entriesOf = new Map([
    ['ann', [1, 3]],
    ['bob', [2, 4]],
    ['cat', []],
  ])
  for (const [user, numbers] of entriesOf) {
    const { status, text, headers } = await get('/coupons/sale/claims/mine/receipt', user)
    assert.deepEqual([status, headers.get('cache-control')], [200, 'no-store'])
    const receipt = readReceipt(text)
    assert.ok(receipt)
    assert.deepEqual(
      receipt.entries.map(({ n }) => n),
      numbers,
    )
    const checkpoint = checkpointIn(receipt.checkpoint)
    assert.equal(checkpoint.size, 5)
    const seen = { checkpoint, root: checkpoint.root, claims: numbers }
    assert.deepEqual(receiptFaults(receipt, seen), [])
  }
  assert.equal((await get('/coupons/sale/claims/mine/receipt')).status, 401)
})

test('A receipt is given only when a checkpoint covers what its user was told.', async (t) => {
  const { claim, publish, get } = await startProofServer(t)
  await claim('ann')
  await publish()
  await claim('ann')
  const early = await get('/coupons/sale/claims/mine/receipt', 'ann')
  assert.deepEqual([early.status, early.headers.get('retry-after')], [503, '1'])
  const waiting = get('/coupons/sale/claims/mine/receipt', 'ann')
  await publish()
  const { status, body } = await waiting
  assert.deepEqual([status, (body.entries as unknown[]).length], [200, 2])
})
