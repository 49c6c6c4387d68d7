// biome-ignore-all format: a hundred lines that somebody can read before running them
// Checks a whole sale from its public data, with nothing of the service's code (docs/verify.md):
//   node tools/verify-sale.mjs URL|FILE --coupon ID [--key FILE] [--receipt FILE] [--witness KEY|FILE]...
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const wrong = (why) => { console.log(`The sale does not hold: ${why}`); process.exit(1) }
process.on('uncaughtException', (error) => wrong(error.message))
const text = { type: 'string' }, options = { key: text, coupon: text, receipt: text, witness: { ...text, multiple: true } }
const { values: given, positionals: [from] } = parseArgs({ options, allowPositionals: true })
const id = given.coupon ?? wrong('say URL|FILE and --coupon ID')
const sha = (...parts) => parts.reduce((it, part) => it.update(part), createHash('sha256')).digest()
const nodeHash = (left, right) => sha(Buffer.of(1), left, right), leafHash = (leaf) => sha(Buffer.of(0), leaf)
const isSorted = (it) => Array.isArray(it) ? it.every(isSorted) : Object(it) !== it
  || Object.keys(it).every((name, at, all) => !(name < all[at - 1]) && isSorted(it[name]))
// Where the data comes from: the public calls, or a file that `firstcome verify --save` wrote.
const file = /^https?:/i.test(from) ? null : readFileSync(from ?? ''), end = file?.length - 72
const sum = file && `sha256 ${sha(file.subarray(0, end)).toString('hex')}\n`
const noteEnd = file?.indexOf('\n\n', file.indexOf('\n\n') + 2) + 1, saved = file?.toString('utf8', 0, noteEnd).split('\n')
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
const keysIn = (said, kind) => said.trim().split(/\s+/).map((line) => { // <name>+<id>+<kind and key>
  const [, name, code] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(line) ?? wrong(`no key: ${line}`)
  const typed = Buffer.from(code, 'base64'), jwk = { kty: 'OKP', crv: 'Ed25519', x: typed.toString('base64url', 1) }
  return typed[0] === kind ? { name, line, typed, key: createPublicKey({ key: jwk, format: 'jwk' }) } : wrong(`no such key: ${line}`)
})
const keys = keysIn(given.key ? readFileSync(given.key, 'utf8') : saved?.[1] ?? await get('key'), 1), witnesses = (given.witness ?? []).flatMap((it) => keysIn(/\+\w{8}\+/.test(it) ? it : readFileSync(it, 'utf8'), 4))
function open(note) { // A checkpoint: origin, size, root; signed by a key under this origin, and by witnesses.
  const [origin, size, root, ...rest] = note.split('\n'), body = `${origin}\n${size}\n${root}\n`
  const under = (name) => rest.filter((it) => it.startsWith(`— ${name} `)).map((it) => Buffer.from(it.slice(name.length + 3), 'base64'))
  const checks = ({ typed, key }, name) => under(name).filter((it) =>
    sha(`${name}\n`, typed).subarray(0, 4).equals(it.subarray(0, 4))).map((it) => typed[0] === 1 // 4 bytes say which key.
    ? verify(null, Buffer.from(body), key, it.subarray(4)) // A cosignature has its time behind them.
    : verify(null, Buffer.from(`cosignature/v1\ntime ${it.readBigUInt64BE(4)}\n${body}`), key, it.subarray(12)))
  const isOurs = ({ name }) => [name, `${name}/coupons/${id}`].includes(origin) && origin.endsWith(`/coupons/${id}`)
  const key = keys.find((one) => isOurs(one) && checks(one, origin).includes(true)) ?? wrong(`no checkpoint of ${id} that is signed by ${
    keys.map((it) => it.line)}, but by ${under(origin).map((it) => it.toString('hex', 0, 4))}`)
  const by = witnesses.filter((one) => checks(one, one.name).map((it) => it || wrong(`${one.line}: a false cosignature`)).length)
  return { size: Number(size), root, key, by }
}
const head = open(saved?.slice(2).join('\n') ?? await get('checkpoint'))
const mine = given.receipt && JSON.parse(readFileSync(given.receipt, 'utf8')), held = mine && open(mine.checkpoint)
const trees = [], winners = new Map(), done = [], mineIn = [], on = () => state !== 'closed'
let n = 0, last = '', sale, state = 'not_open', paused = false, heldRoot
const rootOf = () => trees.reduceRight((right, left) => nodeHash(left, right)).toString('base64')
const fields = { __proto__: null, claim: ['who', 'outcome', 'slot'], restocked: ['add'], paused: [], resumed: [], closed: [], revoked: ['who', 'all'], edited: ['name',
  'opensAt', 'closesAt'], created: 'rules name quantity discount opensAt closesAt minimum validUntil validDays audience'.split(' ') } // and n, at, kind
const acts = { // Whether the operator could do it then, and did it.
  created: (it) => [1, 2].includes(it.rules) && it.quantity > 0 && it.name?.length > 0 && (sale = { opensAt: it.at, closesAt: '~', ...it }),
  restocked: ({ add }) => on() && add > 0 && (sale.quantity += add) <= 1e7,
  paused: () => on() && !paused && (paused = true), resumed: () => on() && paused && !(paused = false),
  closed: () => on() && (state = 'closed'), revoked: (it) => it.all ? !it.who : winners.has(it.who),
  edited: (it) => on() && Object.keys(it).length > 3 && (!it.opensAt || state === 'not_open') && (it.closesAt ?? sale.closesAt) > [it.at, it.opensAt ?? sale.opensAt].sort()[1] && Object.assign(sale, it),
}
for await (const page of pages(head.size)) for (const line of page) { // Does it follow?
  const leaf = JSON.parse(line), { n: number, at, kind, ...own } = leaf, { who, outcome, slot } = own, was = winners.get(who)
  const bad = (why) => wrong(`entry ${n} ${why}: ${line}`)
  if (JSON.stringify(leaf) !== line || !isSorted(leaf) || number !== n) bad('is misspelt or misplaced')
  const isIgnored = own.ignored === true && kind !== 'claim', names = Object.keys(own), may = isIgnored ? ['ignored'] : fields[kind]
  if (!names.every((name) => may?.includes(name)) || !(kind in fields)) bad('is of no kind that is known, or says more than that kind may')
  if ((n === 0) !== (kind === 'created' && !isIgnored)) bad('creates the coupon a second time, or is the first and does not')
  if (new Date(at).toISOString() !== at || at < last) bad('goes back in time')
  state = !on() || at >= sale?.closesAt ? 'closed' : at >= sale?.opensAt ? 'open' : state
  if (kind === 'claim') {
    const due = was ? 'already_issued' : state !== 'open' ? state : paused ? 'paused' : winners.size < sale.quantity ? 'issued' : 'sold_out'
    const isOut = outcome === 'not_eligible' && sale.audience && /^issued|sold/.test(due), dueSlot = was ?? (due === 'issued' && !isOut ? winners.size + 1 : undefined)
    if ((outcome !== due && !isOut) || slot !== dueSlot) bad(`must be ${due} ${dueSlot ?? ''}`)
    if (outcome === 'issued') winners.set(who, slot)
    if (who === mine?.who && n < held.size) mineIn.push(n)
  } else if (!own.ignored) done.push(acts[kind](leaf) ? `\n  ${line}` : bad('could not be done then'))
  let node = leafHash(line)
  for (let index = n; index % 2 === 1; index = (index - 1) / 2) node = nodeHash(trees.pop(), node)
  trees.push(node), last = at, heldRoot = ++n === held?.size ? rootOf() : heldRoot
}
if (n !== head.size || rootOf() !== head.root) wrong('the entries do not make the signed root')
function path(index, size, node, proof, hash = Buffer.from(proof.at(-1) ?? '', 'base64')) {
  if (size === 1) return proof.length === 0 ? node : wrong('a proof of the receipt is too long')
  const half = 2 ** (Math.ceil(Math.log2(size)) - 1), rest = proof.slice(0, -1) // RFC 6962, 2.1.1
  return index < half ? nodeHash(path(index, half, node, rest), hash) : nodeHash(hash, path(index - half, size - half, node, rest))
}
if (mine) { // Of the same tree, of its user, with all entries of that user.
  if (sha(Buffer.from(mine.salt, 'base64url'), mine.userId).toString('base64url', 0, 16) !== mine.who) wrong('the receipt is of another user')
  if (heldRoot !== held.root) wrong(`the receipt is of another tree of ${held.size} entries`)
  if (`${mine.entries.map((one) => one.n)}` !== `${mineIn}`) wrong(`the receipt must name ${mineIn}`)
  for (const [at, { n, leaf }] of mine.entries.entries()) if (path(n, held.size, leafHash(leaf), mine.inclusion[at] ?? []).toString('base64') !== held.root) wrong(`the proof that entry ${n} is in the tree of the receipt`)
  console.log(`Your entries: ${mineIn.join() || 'none'}; slot: ${winners.get(mine.who) ?? 'none'}`)
}
for (const it of witnesses) console.log(`${head.by.includes(it) ? 'Cosigned' : 'NOT cosigned'} by ${it.line}`)
console.log(`Proved: ${winners.size} winners of ${sale.quantity} by ${n} entries; signed by ${head.key.line}`, given.key
  ? '' : '(its own key)', done.join(''), '\nNot proved: that two accounts are two people; what came before the log')
