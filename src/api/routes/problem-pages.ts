// What the type of a problem leads to: a page that says in words what it means.

import { Type } from 'typebox'
import { languageOf } from '../http/problems/languages.ts'
import { type ProblemSlug, problems } from '../http/problems/problem-texts.ts'
import { problemText } from '../http/problems/problems.ts'
import { ok, type Route, route } from '../http/route.ts'
import { closed } from '../http/schemas.ts'

const slugCharactersMax = 64

export const problemPageRoute: Route = route({
  call: 'GET /problems/:slug',
  caller: 'anyone',
  problems: ['unknown-path'],
  tag: 'service',
  operationId: 'getProblemPage',
  summary: 'What a problem means, for people, in English or Korean',
  params: closed({ slug: Type.String({ maxLength: slugCharactersMax }) }),
  answers: { 200: { type: 'string' } },
  contentType: 'text/html; charset=utf-8',
  answer({ params: { slug }, headers }) {
    if (!Object.hasOwn(problems, slug)) return { problem: 'unknown-path' }
    return ok(pageOf(slug as ProblemSlug, languageOf(headers)))
  },
})

/** None of its texts has a sign of HTML: a test sees to it. */
function pageOf(slug: ProblemSlug, language: ReturnType<typeof languageOf>): string {
  const { status, title, detail } = problemText(slug, language)
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} – firstcome</title>
<main>
<h1>${title}</h1>
<p>${detail}</p>
<p>HTTP ${status}, <code>/problems/${slug}</code></p>
</main>
</html>
`
}
