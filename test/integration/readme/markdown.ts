// The little of Markdown that the tests of the documents look at: fenced blocks, headings, links,
// tables and figures.

export type Block = { language: string; text: string }
export type Section = { level: number; title: string; prose: string; blocks: Block[] }

/** In order; what stands before the first heading is lost, and nothing should. */
export function sectionsOf(markdown: string): Section[] {
  const sections: Section[] = []
  for (const part of markdown.split(/^(?=```)/m)) {
    const block = /^```(\w*)\n([^]*)$/.exec(part)
    const last = sections.at(-1)
    // Opening and closing fences take turns, so a part that starts with a bare fence closes one.
    if (block?.[1] && last !== undefined) {
      last.blocks.push({ language: block[1], text: block[2] ?? '' })
      continue
    }
    addProse(sections, part.replace(/^```\n/, ''))
  }
  return sections
}

function addProse(sections: Section[], text: string): void {
  for (const piece of text.split(/^(?=#+ )/m)) {
    const heading = /^(#+) (.*)\n/.exec(piece)
    const last = sections.at(-1)
    if (heading) {
      const prose = piece.slice(heading[0].length)
      sections.push({ level: heading[1]?.length ?? 0, title: heading[2] ?? '', prose, blocks: [] })
    } else if (last !== undefined) last.prose += piece
  }
}

/** The targets of links and pictures. */
export function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
}

/** As GitHub names a heading. */
export function anchorOf(title: string): string {
  const kept = title.toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
  return kept.replaceAll(' ', '-')
}

/** The figures of a text, sorted: what a translation must not change. Links are no text. */
export function figuresOf(text: string): string[] {
  const shown = text.replaceAll(/\]\([^)]*\)/g, ']')
  return [...shown.matchAll(/\d+(?:[.,]\d+)*/g)].map(([figure]) => figure).toSorted()
}

/** The cells of the table rows whose first cell is code, without the code's quotes. */
export function codeRowsOf(prose: string): string[][] {
  return prose
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')))
}
