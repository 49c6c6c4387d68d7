// Lists come in pages: the next one starts strictly after the last entry of a full one.

export function lastOfFull<Item>(page: readonly Item[], limit: number): Item | undefined {
  return page.length < limit ? undefined : page.at(-1)
}
