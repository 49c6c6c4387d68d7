-- Who shows a code is found by it.

create index issued_by_code on coupons.issued_coupons (code);
