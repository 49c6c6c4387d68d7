// Guesses which of the known words was meant by one that is not known.

/** Two slips in a name: with more, the guess is more often wrong than right. */
const editsMax = 2

/** The known word with the fewest edits from `word`, or null where none is near. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let fewest = editsMax + 1
  for (const candidate of known) {
    const edits = editDistance(word, candidate)
    if (edits >= fewest) continue
    nearest = candidate
    fewest = edits
  }
  return nearest
}

/** Letters to add, drop or change (Levenshtein), counted row by row. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      const edits = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + change,
      )
      current.push(edits)
    }
    above = current
  }
  return above.at(-1) ?? 0
}
