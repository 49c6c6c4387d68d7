// The proof of a sale, for everybody: key, checkpoint, entries, and proofs about them. And for who
// claimed, what to hold against it: a receipt.

import { Type } from 'typebox'
import { couponOrigin } from '../../domain/proof/checkpoint.ts'
import { formatVerifierKey, type VerifierKey, verifierKey } from '../../domain/proof/signed-note.ts'
import type { ProofReader } from '../../ports/proof.ts'
import { databaseStarting, proofBehind } from '../claims/claim-answers.ts'
import { callerOf } from '../http/auth.ts'
import { said } from '../http/problems/languages.ts'
import type { ProblemSlug } from '../http/problems/problem-texts.ts'
import { type Answer, ok, type Route, route } from '../http/route.ts'
import { CouponPath, closed } from '../http/schemas.ts'
import type { ProofParts, RouteParts } from '../http/server-parts.ts'
import {
  consistencyHashes,
  entryLines,
  inclusionHashes,
  type PublishedTree,
  publishedTree,
  signerOf,
} from '../proof/proof-reads.ts'
import { receiptOf } from '../proof/receipts.ts'

/** More than a megabyte of lines; a verifier asks for as many at once. */
const entriesMax = 10_000
const entriesDefault = 1_000
/** What cannot change any more. */
const forAYear = 'public, max-age=31536000, immutable'
const forASecond = 'public, max-age=1'

const textType = 'text/plain; charset=utf-8'
const linesType = 'application/x-ndjson'

type Published = { tree: PublishedTree; reader: ProofReader }
type ReadProof = (published: Published) => Answer | Promise<Answer>

export function proofRoutes(parts: RouteParts): Route[] {
  return [
    ...keyRoutes(parts),
    route({
      call: 'GET /coupons/:couponId/proof/checkpoint',
      ...ofCoupon,
      operationId: 'getCheckpoint',
      summary: 'The newest signed checkpoint of a sale',
      description: 'A signed note (C2SP): origin, size and root of the tree of all its records.',
      answers: { 200: Text },
      contentType: textType,
      answer: ({ params: { couponId } }) => {
        return withPublished(parts, couponId, ({ tree }) => cached(tree.note, forASecond))
      },
    }),
    route({
      call: 'GET /coupons/:couponId/proof/entries',
      ...ofCoupon,
      operationId: 'listProofEntries',
      summary: 'Records of a sale as everybody may read them, one a line',
      description: 'Canonical JSON in the order of the log, from number `from` on.',
      query: EntriesQuery,
      answers: { 200: Text },
      contentType: linesType,
      answer: ({ params: { couponId }, query: { from, limit } }) => {
        return withPublished(parts, couponId, async ({ tree, reader }) => {
          if (from > tree.size) return beyond('from', tree.size)
          const to = Math.min(from + limit, tree.size)
          const lines = await entryLines(reader, tree, { from, to })
          return cached(lines, to - from === limit ? forAYear : forASecond)
        })
      },
    }),
    ...hashRoutes(parts),
    receiptRoute(parts),
  ]
}

function keyRoutes(parts: RouteParts): Route[] {
  const { proof } = parts
  const text = { answers: { 200: Text }, contentType: textType }
  return [
    route({
      call: 'GET /proof/key',
      ...open('no-proof'),
      ...text,
      operationId: 'getProofKey',
      summary: 'The verifier key of all sales, under the prefix of their origins',
      answer: async () => {
        return proof === undefined ? noProof : keysAnswer((await proof.keys()).slice(0, 1))
      },
    }),
    route({
      call: 'GET /proof/keys',
      ...open('no-proof'),
      ...text,
      operationId: 'listProofKeys',
      summary: 'The verifier keys of all sales, one a line',
      description: 'First the one that signs, then those that have signed before.',
      answer: async () => (proof === undefined ? noProof : keysAnswer(await proof.keys())),
    }),
    route({
      call: 'GET /coupons/:couponId/proof/key',
      ...ofCoupon,
      ...text,
      operationId: 'getCouponProofKey',
      summary: 'The verifier key of this sale',
      answer: ({ params: { couponId } }) => {
        return withCoupon(parts, couponId, async ({ keys }) => {
          return keysAnswer((await keys()).slice(0, 1), couponId)
        })
      },
    }),
    route({
      call: 'GET /coupons/:couponId/proof/keys',
      ...ofCoupon,
      ...text,
      operationId: 'listCouponProofKeys',
      summary: 'The verifier keys of this sale, one a line',
      description: 'First the one that signs, then those that have signed before.',
      answer: ({ params: { couponId } }) => {
        return withCoupon(parts, couponId, async ({ keys }) => keysAnswer(await keys(), couponId))
      },
    }),
  ]
}

function hashRoutes(parts: RouteParts): Route[] {
  return [
    route({
      call: 'GET /coupons/:couponId/proof/inclusion',
      ...ofCoupon,
      operationId: 'getInclusionProof',
      summary: 'The hashes that show an entry to be in the tree of a size (RFC 6962)',
      query: InclusionQuery,
      answers: { 200: Hashes },
      answer: ({ params: { couponId }, query: { n, size } }) => {
        return withPublished(parts, couponId, async ({ tree, reader }) => {
          if (size > tree.size) return beyond('size', tree.size)
          if (n >= size) return beyond('n', size - 1)
          const hashes = await inclusionHashes(reader, tree, { n, size })
          return cached({ hashes }, forAYear)
        })
      },
    }),
    route({
      call: 'GET /coupons/:couponId/proof/consistency',
      ...ofCoupon,
      operationId: 'getConsistencyProof',
      summary: 'The hashes that show the tree of one size to begin that of another (RFC 6962)',
      query: closed({ from: Whole, to: Whole }),
      answers: { 200: Hashes },
      answer: ({ params: { couponId }, query: { from, to } }) => {
        return withPublished(parts, couponId, async ({ tree, reader }) => {
          if (to > tree.size) return beyond('to', tree.size)
          if (from > to) return beyond('from', to)
          const hashes = await consistencyHashes(reader, tree, { from, to })
          return cached({ hashes }, forAYear)
        })
      },
    }),
  ]
}

function receiptRoute(parts: RouteParts): Route {
  const { claims, clock } = parts
  return route({
    call: 'GET /coupons/:couponId/claims/mine/receipt',
    caller: 'user',
    problems: ['unknown-coupon', 'no-proof'],
    readsStore: true,
    operationId: 'getMyReceipt',
    summary: 'What the caller can hold against the proof of the sale',
    description:
      'Every claim of the caller below the size of the checkpoint, each with a proof that it is ' +
      'in the tree. 503 while no checkpoint covers what the caller was told before.',
    params: CouponPath,
    answers: { 200: Receipt },
    answer(request) {
      const { couponId } = request.params
      const { userId } = callerOf(request)
      return withCoupon(parts, couponId, async (proof) => {
        const reader = proof.reader()
        if (reader === null) return databaseStarting
        const upTo = await claims.readUpTo(couponId)
        if (typeof upTo !== 'number') return upTo
        const receipt = await receiptOf({ proof, reader }, { couponId, userId, upTo, clock })
        return 'kind' in receipt ? receipt : ok(receipt)
      })
    },
  })
}

function open(...problems: ProblemSlug[]) {
  return { caller: 'anyone', tag: 'proof', readsStore: true, problems } as const
}

const ofCoupon = { ...open('unknown-coupon', 'no-proof'), params: CouponPath }
const noProof: Answer = { problem: 'no-proof' }

async function withCoupon(
  { proof, claims }: RouteParts,
  couponId: string,
  read: (proof: ProofParts) => Answer | Promise<Answer>,
): Promise<Answer> {
  if (proof === undefined) return noProof
  const found = await claims.find(couponId)
  if (found.kind === 'unknown_coupon') return { problem: 'unknown-coupon' }
  return found.kind === 'unavailable' ? found : read(proof)
}

function withPublished(parts: RouteParts, couponId: string, read: ReadProof): Promise<Answer> {
  return withCoupon(parts, couponId, async (proof) => {
    const reader = proof.reader()
    if (reader === null) return databaseStarting
    const tree = publishedTree(couponId, await reader.head(couponId, await signerOf(proof)))
    return tree === null ? proofBehind : read({ tree, reader })
  })
}

function cached(body: unknown, cache: string): Answer {
  return { status: 200, body, headers: { 'cache-control': cache } }
}

/** Under the prefixes, or under the origins of a coupon. */
function keysAnswer(keys: readonly VerifierKey[], couponId?: string): Answer {
  const lines = keys.map(({ name, publicKey }) => {
    const own = couponId === undefined ? name : couponOrigin(name, couponId)
    return `${formatVerifierKey(verifierKey(own, publicKey))}\n`
  })
  return cached(lines.join(''), forASecond)
}

function beyond(name: string, max: number): Answer {
  const message = said(
    `must be ${max} at most: the newest checkpoint covers no more`,
    `${max} 이하여야 합니다. 가장 새로운 체크포인트가 거기까지입니다`,
  )
  return { problem: 'invalid-request', members: { errors: [{ path: `/${name}`, message }] } }
}

const Text = { type: 'string' } as const
const Whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const InclusionQuery = closed({
  n: Whole,
  size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
})
const EntriesQuery = closed({
  from: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: entriesMax, default: entriesDefault }),
})
const Hash = Type.String({ description: 'Standard base64.' })
const Hashes = Type.Object({ hashes: Type.Array(Hash) }, { title: 'ProofHashes' })
const Receipt = Type.Object(
  {
    couponId: Type.String(),
    userId: Type.String(),
    who: Type.String({ description: 'What stands for this user in the entries.' }),
    salt: Type.String({ description: 'base64url; who has it can tell whose entries those are.' }),
    entries: Type.Array(
      Type.Object(
        { n: Type.Integer(), leaf: Type.String({ description: 'The entry as its line.' }) },
        { title: 'ReceiptEntry' },
      ),
    ),
    inclusion: Type.Array(Type.Array(Hash), { description: 'A proof for each entry.' }),
    checkpoint: Type.String({ description: 'The signed note.' }),
  },
  { title: 'Receipt' },
)
