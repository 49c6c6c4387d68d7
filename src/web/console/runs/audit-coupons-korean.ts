// What an audit has found of coupons and their claims, in Korean; see audit-korean.ts.

export const couponSubjects = {
  'partition {n}': '파티션 {n}',
  'slot {n} of {x}': '{x}의 순번 {n}',
  'revoke {x} of {y}': '{y}의 회수 {x}',
  'record {n} of partition {m}': '파티션 {m}의 레코드 {n}',
} as const

export const couponPieces = {
  '1 record is lost': '레코드 1개를 잃었습니다',
  '{n} records are lost': '레코드 {n}개를 잃었습니다',
  '1 record is missing': '레코드 1개가 없습니다',
  '{n} records are missing': '레코드 {n}개가 없습니다',
  '{x} {y}, the log gives {z}': '{x}: 있는 값은 {y}, 로그에서 나오는 값은 {z}',
  'the terms {x}, the log {y}': '조건: 있는 것은 {x}, 로그의 것은 {y}',
  'other commands than the log': '로그와 다른 명령이 있습니다',
  'nothing of the revoke of {p} by record {n}': '레코드 {n}에 따른 회수({p})가 없습니다',
  'of the revoke of {p} by record {n} {y}, the log gives {z}':
    '레코드 {n}에 따른 회수({p}): 있는 것은 {y}, 로그에서 나오는 것은 {z}',
  'a revoke of {p} by record {n}, which the log never made':
    '레코드 {n}에 따른 회수({p})가 있는데, 로그에는 없습니다',
  'claim {x}, record {n} of partition {m} of the events':
    '신청 {x}, 이벤트 파티션 {m}의 레코드 {n}',
  all: '전부',
  closed: '종료',
  paused: '중지',
  'not closed nor paused': '종료도 중지도 아님',
  'quantity {n}': '수량 {n}',
  '{n} winners': '당첨자 {n}명',
  '{n} revoked': '회수 {n}건',
  'its last act at {x}': '마지막 조치의 오프셋 {x}',
  'at {n}': '오프셋 {n}',
  'at none': '없음',
  none: '없음',
} as const

export const couponSentences = {
  'rows were written up to offset {n}, but the log ends at {m}: {s}':
    '행은 오프셋 {n}까지 썼는데 로그는 {m}에서 끝납니다. {s}',
  'the log starts at offset {n}: its first records are lost':
    '로그가 오프셋 {n}에서 시작합니다. 처음 레코드들을 잃었습니다',
  'the log goes on at offset {n} after {m}: {s}':
    '로그가 {m} 다음에 오프셋 {n}으로 넘어갑니다. {s}',
  'the event names {x} ({s}), which is not what the log gives':
    '이벤트에 적힌 사용자 {x}({s}): 로그에서 나온 것이 아닙니다',
  'the event has a code that is not the one derived for it':
    '이벤트의 코드가 이 순번에서 나오는 코드가 아닙니다',
  'the event is missing; {x} won it': '이벤트가 없습니다. 당첨된 사용자는 {x}',
  'the event (record {n} of partition {m}) is not what the log gives':
    '이벤트(파티션 {m}의 레코드 {n})가 로그에서 나온 것이 아닙니다',
  'the event is missing': '이벤트가 없습니다',
  '{n} row, but its quantity is {m}': '행이 {n}개인데 수량은 {m}입니다',
  '{n} rows, but its quantity is {m}': '행이 {n}개인데 수량은 {m}입니다',
  'the row is missing; {x} won it by record {n} of partition {m}':
    '행이 없습니다. 파티션 {m}의 레코드 {n}에서 당첨된 사용자는 {x}',
  'the code is not the one derived for it': '코드가 이 순번에서 나오는 코드가 아닙니다',
  'the row names {x} (claim {y}), but {z} won it (claim {w}, record {n})':
    '행에 적힌 사용자는 {x}(신청 {y}), 당첨된 사용자는 {z}(신청 {w}, 레코드 {n})',
  'the row names record {n} of partition {m}, but it was won by record {k} of partition {j}':
    '행에 적힌 것은 파티션 {m}의 레코드 {n}, 당첨된 것은 파티션 {j}의 레코드 {k}',
  'the row has the time {x}, its record {y}': '행의 시각은 {x}, 레코드의 시각은 {y}',
  '{x} has more than one row': '{x} 님의 행이 둘 이상입니다',
  'there is a row for {x} by record {n} of partition {m}, which did not win it':
    '파티션 {m}의 레코드 {n}에 따른 {x} 님의 행이 있는데, 그것으로 당첨되지 않았습니다',
  'there is a row, but its rehearsal has ended': '예행연습이 끝났는데 행이 남아 있습니다',
  'the row was won by record {n} of partition {m}, but the rows have read only up to offset {k}':
    '파티션 {m}의 레코드 {n}에서 당첨된 행인데, 행은 오프셋 {k}까지만 읽었습니다',
  'there is a row, but the log never made it': '행이 있는데 로그에는 이 쿠폰이 없습니다',
  'the row of the coupon is missing': '쿠폰의 행이 없습니다',
  'the row has {s}': '행이 다릅니다. {s}',
  'ended {x}, but {y} had not been created':
    '쿠폰을 만들기 전의 신청인데 결과가 {x}입니다. 쿠폰 {y}',
  '{x} won slot {n} of {y}, but had slot {m}':
    '{x} 님이 {y}의 순번 {n}에 당첨되었는데 이미 순번 {m}이 있었습니다',
  '{x} won slot {n} of {y}, but {z} was {s}, with {m} of {k} issued':
    '{x} 님이 {y}의 순번 {n}에 당첨되었는데, 그때 {z}의 상태는 {s}, {k}장 중 {m}장 발급',
  '{x} won slot {n} of {y}, but the next slot was {m}':
    '{x} 님이 {y}의 순번 {n}에 당첨되었는데 다음 순번은 {m}이었습니다',
  '{x} won slot {n} of {y} before it had opened':
    '{x} 님이 {y}의 순번 {n}에 시작 전에 당첨되었습니다',
  '{x} won slot {n} of {y}, which is for others':
    '{x} 님이 {y}의 순번 {n}에 당첨되었는데 이 쿠폰의 대상이 아닙니다',
  "{x} won slot {n} of {y} with another record's claim id, place or time":
    '{x} 님이 당첨된 {y}의 순번 {n}에 다른 레코드의 신청 ID, 위치나 시각이 있습니다',
  '{x} was told slot {n}, but has {p}': '{x} 님이 들은 순번은 {n}, 가진 순번은 {p}',
  '{x} was told {y}, but has slot {n}': '{x} 님이 들은 답은 {y}, 가진 순번은 {n}',
  '{x} was told {y}, but {z} had opened':
    '{x} 님이 들은 답은 {y}, 그때 {z} 쿠폰은 시작한 뒤였습니다',
  '{x} was told {y}, but {z} was {s}, with {n} of {m} issued':
    '{x} 님이 들은 답은 {y}, 그때 {z}의 상태는 {s}, {m}장 중 {n}장 발급',
  'the fold has {s}, the log {p}': '계산한 상태에서는 {s}, 로그에서는 {p}',
  'the rows are being derived anew: ask again once that has ended':
    '행을 다시 만들고 있습니다. 끝난 뒤에 다시 실행하세요',
  'the rows are not trusted, and will be derived anew': '행을 믿을 수 없어 다시 만들 것입니다',
  'the log has no record, and there is no row': '로그에 레코드가 없고, 행도 없습니다',
  'the rows have read nothing of this log: see whether they are those that were meant':
    '행이 이 로그를 읽은 적이 없습니다. 맞는 행인지 확인하세요',
} as const
