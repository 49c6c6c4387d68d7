// What an audit has found of orders, redemptions, stock, money and messages, in Korean; see
// audit-korean.ts.

export const orderSubjects = {
  'order {x}': '주문 {x}',
  'order {x}: record {n} of partition {m} of the {p}': '주문 {x}, {p} 토픽 파티션 {m}의 레코드 {n}',
  'record {n} of partition {m} of {x}': '{x} 파티션 {m}의 레코드 {n}',
  'product {x}': '상품 {x}',
  'dead letter {x}': '실패한 메시지 {x}',
  'the wallet of {x}': '{x} 님의 지갑',
  '{x}, partition {n}': '{x}, 파티션 {n}',
  '{x}, partition {n} of {y}': '{x}, {y} 파티션 {n}',
} as const

export const orderPieces = {
  'record {n} of partition {m}': '파티션 {m}의 레코드 {n}',
  confirmed: '확정',
  'cancelled ({x})': '취소({x})',
  stock: '재고',
  coupon: '쿠폰',
  payment: '결제',
  orders: '주문',
  steps: '단계',
  nothing: '없음',
  'no coupon': '쿠폰 없음',
  'an order': '주문',
  one: '주문',
  missing: '없음',
  undefined: '없음',
  'the retry topics': '재시도 토픽',
  '{n} to {m}': '{n}~{m}',
  '{x} or {y}': '{x} 또는 {y}',
  '{x} with {n}': '{x}({n})',
  'which is not in the log': '로그에는 그 주문이 없습니다',
  'which was released': '그 예약은 풀렸습니다',
  'which was cancelled': '그 주문은 취소되었습니다',
  'which was returned': '그 주문은 반품되었습니다',
  'which was confirmed with {p}': '그 주문이 확정될 때의 쿠폰은 {p}',
  'whose row is {p}': '그 주문의 행은 {p}',
} as const

export const orderSentences = {
  '{x} (record {n} of partition {m}) contradicts what was said before':
    '{x}(파티션 {m}의 레코드 {n}): 앞서 한 말과 어긋납니다',
  'it is used without ever being placed': '신청된 적이 없는데 사용되었습니다',
  'it is used twice, and not the same': '두 번 사용되었는데 내용이 다릅니다',
  'it is used after it was released': '풀린 뒤에 사용되었습니다',
  'it is released without ever being placed': '신청된 적이 없는데 풀렸습니다',
  'it is released twice: {x}, then {y}': '두 번 풀렸습니다. 처음에는 {x}, 그 뒤에는 {y}',
  'it was used, but is released as {x}': '사용되었는데 풀렸습니다. 이유는 {x}',
  'it is placed after it went on': '이미 진행된 뒤에 접수되었습니다',
  'payment is due of an order that was never placed': '접수된 적이 없는 주문인데 결제를 청구합니다',
  'payment is due twice, in other sums': '결제를 두 번 청구하는데 금액이 다릅니다',
  'payment is due after the end': '끝난 뒤에 결제를 청구합니다',
  'it ends without ever being placed': '접수된 적이 없는데 끝납니다',
  'it is confirmed before payment was due': '결제를 청구하기 전에 확정되었습니다',
  'it ends twice: {s}, then {t}': '두 번 끝납니다. 처음에는 {s}, 그 뒤에는 {t}',
  'it is returned, but was not confirmed': '확정되지 않았는데 반품됩니다',
  'it is returned twice, and not the same': '두 번 반품되는데 내용이 다릅니다',
  'it is returned before a return was due': '반품을 시작하기 전에 반품이 끝났습니다',
  '{x}, but before {y}': '답은 {x}, 그런데 앞서 한 답은 {y}',
  '{x} twice, and not the same: {y}': '{x}: 두 번인데 내용이 다릅니다. {y}',
  'a step has answered, but nobody has placed it': '단계가 답했는데 아무도 주문하지 않았습니다',
  'it has no end, {n} s after its time was over': '시간이 지나고 {n}초가 되도록 끝나지 않았습니다',
  '{x} was held for {n}, but costs {p}': '{x}: 확보한 값은 {n}, 상품의 값은 {p}',
  'payment is due of {x}, but {y} placed it': '결제를 청구받은 사용자는 {x}, 주문한 사용자는 {y}',
  'payment was due, but no stock was held': '결제를 청구했는데 확보한 재고가 없습니다',
  'other lines were held than were placed: {x}': '주문과 다른 품목을 확보했습니다: {x}',
  'it is for coupon {x}, but used {p}': '주문의 쿠폰은 {x}, 사용한 쿠폰은 {p}',
  'its coupon was spent on {x}, below its minimum of {n}':
    '쿠폰의 최소 금액은 {n}인데 {x}에 사용되었습니다',
  '{n} of {m} was due, but held prices less the discount are {x} of {y}':
    '청구한 금액은 {m} 중 {n}, 확보한 값에서 할인을 뺀 금액은 {y} 중 {x}',
  'it was confirmed with coupon {p}, placed with another':
    '쿠폰 {p}: 이것으로 확정되었는데, 주문할 때는 다른 쿠폰이었습니다',
  'it was confirmed, but nothing was captured': '확정되었는데 결제된 것이 없습니다',
  '{n} was captured, but {m} was due': '결제된 금액은 {n}, 청구한 금액은 {m}',
  'it was confirmed, but refunded': '확정되었는데 환불되었습니다',
  'it was confirmed, but its stock was released': '확정되었는데 재고가 풀렸습니다',
  'it was confirmed, but its coupon {x} was released': '확정되었는데 쿠폰이 풀렸습니다: {x}',
  'it is returned with coupon {p}, placed with another':
    '쿠폰 {p}: 이것으로 반품되는데, 주문할 때는 다른 쿠폰이었습니다',
  'it is returned, but {n} of {m} was refunded': '반품되는데 {m} 중 {n}만 환불되었습니다',
  'it is returned, but nothing was refunded': '반품되었는데 환불된 것이 없습니다',
  'it is returned, but its stock was not released': '반품되었는데 재고를 돌려놓지 않았습니다',
  'it is returned, but its coupon {x} was not released':
    '반품되었는데 쿠폰을 돌려주지 않았습니다: {x}',
  'it was cancelled, but its stock was sold': '취소되었는데 재고가 판매되었습니다',
  '{n} was captured, but {m} refunded': '결제된 금액은 {n}, 환불된 금액은 {m}',
  'it timed out {n} ms before its time was over':
    '시간이 끝나기 {n}ms 전에 시간이 지났다고 했습니다',
  'it was cancelled for {x}, which no step has said':
    '취소된 이유가 {x}인데, 그렇게 답한 단계가 없습니다',
  'it was cancelled for {n} below the minimum of {m} of its coupon':
    '금액 {n}이 쿠폰의 최소 금액 {m}보다 작다고 취소되었습니다',
  'it was used without the word of the shop': '매장의 말이 없는데 사용되었습니다',
  'it has used coupon {x}, of {y}, but the step {p}':
    '사용한 쿠폰은 {x}, 신청한 쿠폰은 {y}, 단계가 사용한 쿠폰은 {p}',
  '{n} was taken off {m}, but its coupon gives {x}':
    '{m}에서 {n} 할인했는데 쿠폰의 할인은 {x}입니다',
  '{n} of {x} was left, but its coupon gives {y}': '{x} 중 {n}이 남았는데 쿠폰의 할인은 {y}입니다',
  'it was released as {x}, which nobody has said':
    '풀린 이유가 {x}인데, 그렇게 말한 사람이 없습니다',
  'coupon {x} was refused as used, which no order has spent':
    '쿠폰 {x}: 이미 사용되었다고 거절했는데, 사용한 주문이 없습니다',
  'coupon {x} was refused as not held, but {y} won it by record {n} of partition {m}':
    '쿠폰 {x}: 가지고 있지 않다고 거절했는데, {y} 님이 파티션 {m}의 레코드 {n}에서 당첨되었습니다',
  'coupon {x} was refused as expired, {n} ms before it ended':
    '쿠폰 {x}: 끝나기 {n}ms 전에 기한이 지났다고 거절했습니다',
  'coupon {x} was refused as revoked, which nobody has revoked':
    '쿠폰 {x}: 회수되었다고 거절했는데, 회수한 사람이 없습니다',
  'product {x} was refused as unknown, but record {n} of partition {m} had created it':
    '상품 {x}: 없다고 거절했는데, 파티션 {m}의 레코드 {n}에서 등록되었습니다',
  'product {x} was refused as unknown, which others had been sold before':
    '상품 {x}: 없다고 거절했는데, 앞서 다른 사람에게 판매했습니다',
  'product {x} was refused as out of stock, but {n} were never sold':
    '상품 {x}: 품절이라고 거절했는데, {n}개는 아무에게도 팔린 적이 없습니다',
  '{n} was refused for want of money, but {m} of {x} was never spent':
    '잔액이 부족하다고 {n}의 결제를 거절했는데, {x} 님이 충전한 {m}은 쓰인 적이 없습니다',
  '{x} spent coupon {y} here and in order {z}':
    '{x} 님이 한 쿠폰을 여기와 다른 주문에 모두 사용했습니다: 쿠폰 {y}, 주문 {z}',
  '{x} never won coupon {y}, which it has spent':
    '{x} 님은 당첨된 적이 없는 쿠폰을 사용했습니다: {y}',
  'it names {s} for coupon {x}, which was won by {t}':
    '쿠폰 {x}: 주문에 적힌 것은 {s}, 당첨된 것은 {t}',
  'it was placed before {x} had won coupon {y}, which it has spent':
    '{x} 님이 당첨되기 전에 주문했는데 그 쿠폰을 사용했습니다: {y}',
  'another discount was taken off than that of coupon {x}': '쿠폰 {x}: 쿠폰과 다른 할인을 했습니다',
  'it was placed after coupon {x} had been revoked, which it has spent':
    '쿠폰 {x}: 회수된 뒤에 주문했는데 사용했습니다',
  'it was placed {n} ms after coupon {x} had expired, which it has spent':
    '쿠폰 {x}: 기한이 지나고 {n}ms 뒤에 주문했는데 사용했습니다',
  'command {x} of {y} was never applied': '{y}의 명령 {x}: 실행되지 않았습니다',
  'command {x} of {y} is not in {z}': '{y}의 명령 {x}: {z} 토픽에 없습니다',
  'command {x} of {y} was applied with {z}, not as in {w}':
    '{y}의 명령 {x}: 실행된 값 {z}, {w} 토픽과 다릅니다',
  'command {x} of {y} is {z}, the log gives {p}':
    '{y}의 명령 {x}: 결과는 {z}, 로그에서 나오는 결과는 {p}',
  'command {x} is {p}, the log gives {q}': '명령 {x}: 결과는 {p}, 로그에서 나오는 결과는 {q}',
  'command {x} was never applied': '명령 {x}: 실행되지 않았습니다',
  'it was buried, but its row is missing': '실패한 메시지로 남겼는데 행이 없습니다',
  'a row, but {x} has none': '행이 있는데 {x} 토픽에는 없습니다',
  'a row, but no record in the log': '행이 있는데 로그에 레코드가 없습니다',
  'its row is missing': '행이 없습니다',
  "its steps' answers come to {x}, which the orders topic does not say":
    '단계들의 답에 따르면 {x}인데, 주문 토픽에는 그 말이 없습니다',
  'its row is {x}, its column says {y}': '행은 {x}, 열은 {y}',
  'its columns have {s}': '열이 다릅니다. {s}',
  'its row has {s}': '행이 다릅니다. {s}',
  'its row is not what the log gives: {x}; the log: {y}':
    '행이 로그에서 나온 것이 아닙니다. 행: {x}, 로그: {y}',
  'its row is {x}, the log says {s}': '행은 {x}, 로그는 {s}',
  'a {p} row, but the orders topic has no such order':
    '{p} 행이 있는데 주문 토픽에 그런 주문이 없습니다',
  'a {p} row, but it is a redemption': '사용 건인데 {p} 행이 있습니다',
  '{x} in the log, but its {p} row is {z}': '로그에서는 {x}, {p} 행은 {z}',
  'its {p} row is {y}, but the step said {z}': '{p} 행은 {y}, 단계의 답은 {z}',
  'its {p} row is {y}, but the order is not {q}': '{p} 행은 {y}, 그런데 주문은 {q} 아님',
  'its {p} row is {y}, the column says {z}': '{p} 행은 {y}, 열은 {z}',
  'its {p} row is {y}, but the step never said so':
    '{p} 행은 {y}, 그런데 단계는 그렇게 답한 적이 없습니다',
  'its {p} row has {s}': '{p} 행이 다릅니다. {s}',
  'confirmed with {p}, but its row used {q}': '확정할 때의 쿠폰은 {p}, 행이 사용한 쿠폰은 {q}',
  'its coupon row is for {p}, not for {q}': '쿠폰 행은 {p}의 것인데 {q}의 것이어야 합니다',
  'it has used its coupon, but its row is {x}': '쿠폰을 사용했는데 행은 {x}',
  'it is returned, but {n} was not given back': '반품되는데 {n}이 환불되지 않았습니다',
  'the payment provider contradicts itself: see its dead letter':
    '결제사의 답이 서로 어긋납니다. 실패한 메시지를 보세요',
  'its payment row has {n} of {x}, but {m} of {y} was due':
    '결제 행은 {x} 님의 {n}, 청구한 것은 {y} 님의 {m}',
  'coupon {x} of {y} is used by order {z}, {s}': '{y} 님의 쿠폰 {x}, 사용한 주문 {z}: {s}',
  'its row has used coupon {x}, but nobody uses it':
    '행은 쿠폰을 사용했다는데, 사용 기록이 없습니다: {x}',
  'the balance is {n}': '잔액이 {n}입니다',
  'the balance is {n}, but top-ups less what was paid are {p}':
    '잔액은 {n}, 충전에서 결제를 뺀 금액은 {p}',
  '{n} was paid by its payment row, {m} by the wallet':
    '결제 행이 낸 금액은 {n}, 지갑이 낸 금액은 {m}',
  'the wallet has {s}': '지갑이 다릅니다. {s}',
  'its payment row is {x}, but the wallet knows of nothing':
    '결제 행은 {x}, 지갑에는 기록이 없습니다',
  'a charge of {x}, but payment was never due': '{x} 님에게서 받았는데 청구한 적이 없습니다',
  'the wallet has charged {x}, but {y} was to pay': '지갑에서 낸 사용자는 {x}, 낼 사용자는 {y}',
  'it was cancelled, but has paid': '취소되었는데 결제되어 있습니다',
  'below zero: {n} available, {m} held, {k} sold':
    '0보다 작습니다. 남은 것 {n}, 확보 {m}, 판매 {k}',
  '{n} + {m} + {k} is {j}, but {i} were supplied': '{n} + {m} + {k} = {j}인데 들여온 것은 {i}',
  '{n} were added by its row, {p} by its commands': '추가한 수량이 행에서는 {n}, 명령에서는 {p}',
  '{n} are held by its row, {p} by the orders': '확보한 수량이 행에서는 {n}, 주문에서는 {p}',
  '{n} are sold by its row, {p} by the orders': '판매한 수량이 행에서는 {n}, 주문에서는 {p}',
  'it was created, but its row is missing': '만들었는데 행이 없습니다',
  'no record has created it': '만든 레코드가 없습니다',
  'created as {x}, not {y}': '만들 때는 {x}, 행은 {y}',
  'partition {n} of {x} starts at offset {m}: records are lost':
    '{x} 파티션 {n}이 오프셋 {m}에서 시작합니다. 레코드를 잃었습니다',
  'partition {n} of {x} goes on at offset {m} after {k}: records are lost':
    '{x} 파티션 {n}이 {k} 다음에 오프셋 {m}으로 넘어갑니다. 레코드를 잃었습니다',
  '{n} records were taken, {m} accounted for': '읽은 레코드는 {n}개, 설명되는 것은 {m}개',
  '{n} were taken, but the log ends at {m}': '{n}개를 읽었는데 로그는 {m}에서 끝납니다',
  '{n} passed by, but {m} were meant for others': '{n}개를 지나쳤는데 남의 것은 {m}개입니다',
  '{n} passed by, but all of them are its own': '{n}개를 지나쳤는데 모두 자기 것입니다',
  '{n} were postponed, {m} are in {p}': '미룬 것은 {n}개, {p}에 있는 것은 {m}개',
  '{n} were buried, {m} are in {p}': '실패로 남긴 것은 {n}개, {p}에 있는 것은 {m}개',
} as const
