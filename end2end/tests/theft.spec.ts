// A stolen refresh token that is used again ends the session, and its owner is told why.

import type { BrowserContext } from '@playwright/test';

import { type Site, expect, lapse, test } from '../support/test.ts';
import { HINT, REFRESH, type RefreshToken, hintOf, readRefreshToken } from '../support/tokens.ts';
import { ada } from '../support/wearer.ts';

/** What a thief takes from a cookie jar. */
async function steal(context: BrowserContext, site: Site): Promise<RefreshToken> {
  const cookies = await context.cookies([`${site.url}/auth/refresh`]);
  return readRefreshToken(cookies.find(({ name }) => name === REFRESH)!.value);
}

/** Shows a token as a client without a cookie jar would. */
function showAsBearer(site: Site, { text }: RefreshToken) {
  return site.server.send('POST', '/auth/refresh', { headers: { authorization: `Bearer ${text}` } });
}

/** Shows a token as a browser would, with both cookies. */
function showAsCookie(site: Site, token: RefreshToken) {
  return site.server.send('POST', '/auth/refresh', {
    headers: {
      host: new URL(site.url).host,
      origin: site.url,
      'sec-fetch-site': 'same-origin',
      cookie: `${REFRESH}=${token.text}; ${HINT}=${hintOf(token)}`,
    },
  });
}

for (const [how, show] of [['a cookie', showAsCookie], ['Bearer', showAsBearer]] as const) {
  test(`an older generation, shown by ${how}, ends the session at any time`, async ({ wearer, page, context, site }) => {
    await wearer.register(ada);
    const stolen = await steal(context, site);
    await expect.poll(() => wearer.generation(), { timeout: 30_000 }).toBeGreaterThanOrEqual(2);

    const answer = await show(site, stolen);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'token_reused' });

    await wearer.expectSentToSignIn(/twice|copy|stolen|used again/i);
    await wearer.submitSignIn(ada);
    await expect(page).toHaveURL(/\/dashboard$/);
    await wearer.expectSignedIn(ada);
    expect((await steal(context, site)).sid).not.toBe(stolen.sid);
  });
}

test.describe('the previous generation', () => {
  // Long badges, so that the page renews only when the test says so.
  test.use({ lifetimes: { access: 60, retryWindow: 3, settle: 5, idle: 3600, absolute: 7200 } });

  test('ends the session once its successor has settled', async ({ wearer, context, site, lifetimes }) => {
    await wearer.register(ada);
    const stolen = await steal(context, site);
    await lapse(lifetimes.settle + 0.2);
    await wearer.renew();
    expect((await steal(context, site)).generation).toBe(1);
    await lapse(lifetimes.settle + 0.2);
    // Using the badge now shows that this browser holds the successor.
    await wearer.callApi();
    await lapse(0.5);

    const answer = await showAsCookie(site, stolen);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'token_reused' });

    // The access token that the owner still holds is refused at once, at a door that asks no database.
    await wearer.leaveNote('still here');
    await wearer.expectSentToSignIn(/twice|copy|stolen|used again/i);
  });

  test('is a retry inside the window, and ends nothing', async ({ wearer, context, site, lifetimes }) => {
    await wearer.register(ada);
    const stolen = await steal(context, site);
    await lapse(lifetimes.settle + 0.2);
    await wearer.renew();
    const answer = await showAsCookie(site, stolen);
    expect(answer.status).toBe(200);
    expect(String(answer.headers['set-cookie'])).toContain((await steal(context, site)).text);
    await wearer.callApi();
    await wearer.renew();
    await wearer.expectSignedIn(ada);
  });
});
