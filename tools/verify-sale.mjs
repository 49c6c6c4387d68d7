// biome-ignore-all format: a hundred lines that somebody can read before running them
// Checks a whole sale from its public data, with nothing of the service's code (docs/verify.md):
//   node tools/verify-sale.mjs URL|FILE --coupon ID [--key FILE] [--receipt FILE]
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const wrong = (why) => { console.log(`The sale does not hold: ${why}`); process.exit(1) }
process.on('uncaughtException', (error) => wrong(error.message))
const text = { type: 'string' }, options = { key: text, coupon: text, receipt: text }
const { values: given, positionals: [from] } = parseArgs({ options, allowPositionals: true })
const id = given.coupon ?? wrong('say URL|FILE and --coupon ID')
const sha = (...parts) => parts.reduce((it, part) => it.update(part), createHash('sha256')).digest()
const nodeHash = (left, right) => sha(Buffer.of(1), left, right)
const leafHash = (leaf) => sha(Buffer.of(0), Buffer.from(leaf))
const isSorted = (it) => Array.isArray(it) ? it.every(isSorted) : Object(it) !== it
  || Object.keys(it).every((name, at, all) => !(name < all[at - 1]) && isSorted(it[name]))
// Where the data comes from: the public calls, or a file that `firstcome verify --save` wrote.
const file = /^https?:/i.test(from) ? null : readFileSync(from ?? ''), end = file?.length - 72
const sum = file && `sha256 ${sha(file.subarray(0, end)).toString('hex')}\n`
const noteEnd = file?.indexOf('\n\n', file.indexOf('\n\n') + 2) + 1
const saved = file?.toString('utf8', 0, noteEnd).split('\n')
if (file && (saved[0] !== `firstcome sale 1 ${id}` || file.toString('latin1', end) !== sum)) wrong('it is cut')
const get = (call) => fetch(`${from.replace(/\/+$/, '')}/coupons/${id}/proof/${call}`)
  .then((answer) => answer.ok ? answer.text() : wrong(`${call} is answered ${answer.status}`))
async function* pages(size) {
  for (let n = 0, at = noteEnd + 1, to, page; n < size; n += page.length, at = to) {
    page = (file ? file.toString('utf8', at, to = file.indexOf(10, Math.min(at + 1e6, end - 1)) + 1)
      : await get(`entries?from=${n}&limit=${Math.min(1e4, size - n)}`)).split('\n')
    if (page.pop() !== '' || page.length === 0) wrong(`the entries end at ${n} of ${size}`)
    yield page
  }
}
const keys = (given.key ? readFileSync(given.key, 'utf8') : saved?.[1] ?? await get('key')).trim()
function open(note) { // A checkpoint: origin, size, root; signed by the key under this origin.
  const [origin, size, root, ...rest] = note.split('\n'), isOurs = origin.endsWith(`/coupons/${id}`)
  const signs = rest.map((line) => Buffer.from(line.split(`— ${origin} `)[1] ?? '', 'base64'))
  for (const [, name, code] of keys.matchAll(/^([^+\n]+)\+[0-9a-f]{8}\+(\S+)$/gm)) {
    if (!isOurs || (name !== origin && `${name}/coupons/${id}` !== origin)) continue
    const typed = Buffer.from(code, 'base64'), x = typed.subarray(1).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    if (signs.some((it) => sha(Buffer.from(`${origin}\n`), typed).subarray(0, 4).equals(it.subarray(0, 4))
      && verify(null, Buffer.from(`${origin}\n${size}\n${root}\n`), key, it.subarray(4))))
      return { size: Number(size), root }
  }
  return wrong(`no checkpoint of ${id} that the key has signed: ${keys}`)
}
const head = open(saved?.slice(2).join('\n') ?? await get('checkpoint'))
const mine = given.receipt && JSON.parse(readFileSync(given.receipt, 'utf8'))
const held = mine && open(mine.checkpoint)
const trees = [], winners = new Map(), done = [], own = [], on = () => state !== 'closed'
let n = 0, last = '', sale, state = 'not_open', paused = false, heldRoot
const rootOf = () => trees.reduceRight((right, left) => nodeHash(left, right)).toString('base64')
const acts = { // Whether the operator could do it then, and did it.
  __proto__: null, created: (it) => n === 0 && (sale = { opensAt: it.at, closesAt: '~', ...it }),
  restocked: ({ add }) => on() && add > 0 && (sale.quantity += add) <= 1e7,
  paused: () => on() && !paused && (paused = true), resumed: () => on() && paused && !(paused = false),
  closed: () => on() && (state = 'closed'), revoked: (it) => it.all || winners.has(it.who),
  edited: (it) => on() && (!it.opensAt || state === 'not_open') && (it.closesAt ?? '~') > it.at
    && Object.assign(sale, it),
}
for await (const page of pages(head.size)) for (const line of page) { // Does it follow?
  const leaf = JSON.parse(line), { at, kind, who, outcome, slot } = leaf, was = winners.get(who)
  const bad = (why) => wrong(`entry ${n} ${why}: ${line}`)
  if (JSON.stringify(leaf) !== line || !isSorted(leaf) || leaf.n !== n) bad('is misspelt or misplaced')
  if (new Date(at).toISOString() !== at || at < last) bad('goes back in time')
  state = !on() || at >= sale?.closesAt ? 'closed' : at >= sale?.opensAt ? 'open' : state
  if (kind === 'claim' && n > 0) {
    const due = was ? 'already_issued' : state !== 'open' ? state : paused ? 'paused'
      : winners.size < sale.quantity ? 'issued' : 'sold_out'
    const isOut = outcome === 'not_eligible' && sale.audience && /^issued|sold/.test(due)
    const dueSlot = was ?? (due === 'issued' && !isOut ? winners.size + 1 : undefined)
    if ((outcome !== due && !isOut) || slot !== dueSlot || Object.keys(leaf).length !== (slot ? 6 : 5))
      bad(`must be ${due} ${dueSlot ?? ''}`)
    if (outcome === 'issued') winners.set(who, slot)
    if (who === mine?.who && n < held.size) own.push(n)
  } else if (leaf.ignored !== true || n === 0)
    done.push(acts[kind]?.(leaf) ? `\n  ${line}` : bad('could not be done then'))
  let node = leafHash(line)
  for (let index = n; index % 2 === 1; index = (index - 1) / 2) node = nodeHash(trees.pop(), node)
  trees.push(node), last = at, heldRoot = ++n === held?.size ? rootOf() : heldRoot
}
if (n !== head.size || rootOf() !== head.root) wrong('the entries do not make the signed root')
function path(index, size, node, proof, hash = Buffer.from(proof.at(-1) ?? '', 'base64')) {
  if (size === 1) return proof.length === 0 ? node : wrong('a proof of the receipt is too long')
  const half = 2 ** (Math.ceil(Math.log2(size)) - 1), rest = proof.slice(0, -1) // RFC 6962, 2.1.1
  if (index >= half) return nodeHash(hash, path(index - half, size - half, node, rest))
  return nodeHash(path(index, half, node, rest), hash)
}
if (mine) { // Of the same tree, of its user, with all entries of that user.
  const digest = sha(Buffer.from(mine.salt, 'base64url'), Buffer.from(mine.userId))
  if (digest.toString('base64url', 0, 16) !== mine.who) wrong('the receipt is of another user')
  if (heldRoot !== held.root) wrong(`the receipt is of another tree of ${held.size} entries`)
  if (`${mine.entries.map((one) => one.n)}` !== `${own}`) wrong(`the receipt must name ${own}`)
  const rootBy = (it, at) => path(it.n, held.size, leafHash(it.leaf), mine.inclusion[at])
  if (mine.entries.some((it, at) => rootBy(it, at).toString('base64') !== held.root)) wrong('a proof')
  console.log(`Your entries: ${own.join() || 'none'}; slot: ${winners.get(mine.who) ?? 'none'}`)
}
console.log(`Proved: ${winners.size} winners of ${sale.quantity} by ${n} entries; signed by ${keys}`, given.key
  ? '' : '(its own key)', done.join(''), '\nNot proved: that two accounts are two people; what came before the log')
