// Every problem that the service answers: its slug, its status, and what it says in English.

export type ProblemSlug = keyof typeof problems

type ProblemText = { status: number; title: string; detail: string }

export const problems = {
  'malformed-request': text(400, 'Malformed request', 'This is not HTTP that can be answered.'),
  'malformed-body': text(400, 'Malformed body', 'The body is not JSON in UTF-8.'),
  'malformed-path': text(400, 'Malformed path', 'The path is not correctly percent-encoded.'),
  unauthorized: text(401, 'Unauthorized', 'This call needs a bearer token.'),
  forbidden: text(403, 'Forbidden', 'This call needs a scope that the token does not have.'),
  'console-header-missing': text(
    403,
    'Console header missing',
    'A call by the cookie of the console needs the header X-Firstcome-Console: 1.',
  ),
  'console-code-over': text(
    401,
    'Code over',
    'This code is over or was used, or never was: each is good once, for a minute.',
  ),
  'unknown-path': text(404, 'Unknown path', 'There is no such call.'),
  'unknown-coupon': text(404, 'Unknown coupon', 'There is no coupon of this id.'),
  'no-proof': text(404, 'No proof', 'This service makes no proof of its sales.'),
  'unknown-product': text(404, 'Unknown product', 'There is no product of this id.'),
  'unknown-order': text(404, 'Unknown order', 'You have no order of this id.'),
  'unknown-code': text(
    404,
    'Unknown code',
    'Nobody has won a coupon of this code, or by this user.',
  ),
  'unknown-redemption': text(404, 'Unknown redemption', 'There is no redemption of this id.'),
  'not-issued': text(404, 'Not issued', 'You do not have this coupon; it is open for claims.'),
  'user-has-none': text(404, 'User has none', 'The user does not have this coupon.'),
  'no-run': text(404, 'No run', 'None is under way, or none has ended yet.'),
  'unknown-dead-letter': text(404, 'Unknown dead letter', 'There is no dead letter of this id.'),
  'method-not-allowed': text(405, 'Method not allowed', 'See the header Allow.'),
  'request-timeout': text(408, 'Request timeout', 'The request did not arrive in time.'),
  'sold-out': text(409, 'Sold out', 'All of these coupons are issued. A restock may follow.'),
  'not-open': text(409, 'Not open yet', 'Claims are taken from opensAt on.'),
  paused: text(409, 'Paused', 'The coupon is paused. It may be resumed.'),
  'not-eligible': text(409, 'Not eligible', 'The coupon is for others: your token decides.'),
  'too-late': text(
    409,
    'Too late',
    'The coupon has opened, or would have closed before it is edited.',
  ),
  closed: text(409, 'Closed', 'The coupon is closed for good.'),
  'coupon-exists': text(409, 'Coupon exists', 'The id belongs to a coupon of other content.'),
  'idempotency-key-reused': text(
    409,
    'Idempotency-Key reused',
    'The key was used for a request of other content.',
  ),
  'run-under-way': text(409, 'Run under way', 'Another one is under way: wait for it, or stop it.'),
  'order-not-confirmed': text(
    409,
    'Order not confirmed',
    'Only a confirmed order can be returned: see its status.',
  ),
  'return-too-late': text(
    409,
    'Too late to return',
    'The days in which you can return this order are over, or there are none. An operator can.',
  ),
  'order-already-returned': text(
    409,
    'Order returned already',
    'It is returned, or is being returned, by another request.',
  ),
  'coupon-already-used': text(
    409,
    'Coupon already used',
    'It is used, or reserved for another cart.',
  ),
  'coupon-revoked': text(409, 'Coupon revoked', 'It cannot be spent any more.'),
  'coupon-expired': text(409, 'Coupon expired', 'It could be spent until validUntil.'),
  'reservation-expired': text(
    409,
    'Reservation expired',
    'The coupon was let go of: redeem it again.',
  ),
  'redemption-released': text(
    409,
    'Redemption released',
    'The coupon was let go of: redeem it again.',
  ),
  'product-exists': text(409, 'Product exists', 'The id belongs to a product of other content.'),
  'stock-limit': text(409, 'Stock limit', 'No product may be given more than a billion in all.'),
  'balance-limit': text(409, 'Balance limit', 'No wallet holds more than 10^15.'),
  'quantity-limit': text(409, 'Quantity limit', 'No coupon may grow beyond ten million.'),
  'dead-letter-redriven': text(409, 'Re-driven', 'It was re-driven, and does not wait.'),
  'dead-letter-discarded': text(409, 'Discarded', 'It was discarded; it can be re-driven.'),
  'not-redrivable': text(
    409,
    'Not re-drivable',
    'The bytes are no record or not whole, or it was re-driven too often. Discard it.',
  ),
  changed: text(
    412,
    'Changed',
    'The coupon has changed since the preview: look again, then decide.',
  ),
  'body-too-large': text(413, 'Body too large', 'No call takes a body of this size.'),
  'path-too-long': text(414, 'Path too long', 'A part of the path is too long.'),
  'unsupported-media-type': text(
    415,
    'Unsupported media type',
    'Bodies are application/json in UTF-8, without a content encoding.',
  ),
  'unsupported-expectation': text(417, 'Unsupported expectation', 'Only 100-continue is known.'),
  'invalid-request': text(422, 'Invalid request', 'The request breaks the schema: see errors.'),
  'minimum-not-met': text(
    422,
    'Minimum not met',
    'The subtotal is below the minimum of the coupon.',
  ),
  'coupon-not-held': text(422, 'Coupon not held', 'You have not won a coupon of this id.'),
  'too-many-requests': text(429, 'Too many requests', 'Slow down: see Retry-After.'),
  'headers-too-large': text(431, 'Headers too large', 'Path and headers are too long together.'),
  'internal-error': text(500, 'Internal error', 'This is a fault of the service.'),
  unavailable: text(503, 'Unavailable', 'Nothing was done. Ask again: see Retry-After.'),
  'not-ready': text(503, 'Not ready', 'This node cannot serve yet: see reasons.'),
} as const satisfies Record<string, ProblemText>

function text(status: number, title: string, detail: string): ProblemText {
  return { status, title, detail }
}
