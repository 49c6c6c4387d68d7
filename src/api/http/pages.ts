// Lists come in pages: a full page names where the next one starts, strictly after its last entry.

export function nextPage(
  items: readonly { couponId: string }[],
  limit: number,
): { next: string } | object {
  const last = items.length < limit ? undefined : items.at(-1)
  return last === undefined ? {} : { next: last.couponId }
}
