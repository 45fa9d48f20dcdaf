// What extensions, translators and servers in between do to a document before the WASM takes it over, and what becomes of a
// page whose WASM breaks later.

import type { Page } from '@playwright/test';

import { type Site, expect, test } from '../support/test.ts';
import { type Wearer, ada } from '../support/wearer.ts';

/** Changes to a document, made as soon as it is there. */
const changes = {
  'an element first in the body': () => document.body.prepend(document.createElement('grammar-helper')),
  'an element last in the body': () => document.body.append(document.createElement('grammar-helper')),
  'an element first in the page': () => document.querySelector('header')?.before(document.createElement('div')),
  'icons beside the inputs': () => {
    for (const input of document.querySelectorAll('input')) input.after(document.createElement('span'));
  },
  'icons before the inputs, and wrappers around them': () => {
    for (const input of document.querySelectorAll('input')) {
      const wrapper = document.createElement('div');
      input.replaceWith(wrapper);
      wrapper.append(document.createElement('img'), input);
    }
  },
  'no comments': () => {
    const comments = document.createNodeIterator(document.documentElement, NodeFilter.SHOW_COMMENT);
    const found: Node[] = [];
    for (let node = comments.nextNode(); node; node = comments.nextNode()) found.push(node);
    for (const node of found) node.parentNode?.removeChild(node);
  },
  'texts in other elements': () => {
    const texts = document.createNodeIterator(document.body, NodeFilter.SHOW_TEXT);
    const found: Node[] = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) found.push(node);
    for (const node of found) {
      const [outer, inner] = ['font', 'font'].map((name) => document.createElement(name)) as [Element, Element];
      inner.textContent = node.textContent;
      outer.append(inner);
      node.parentNode?.replaceChild(outer, node);
    }
  },
  'texts joined': () => document.body.normalize(),
  'an element less': () => document.querySelector('footer')?.remove(),
} satisfies Record<string, () => void>;

/** Lets something change each of the page's documents, before anything of ours runs in it. */
async function changed(page: Page, change: () => void): Promise<void> {
  await page.addInitScript(`addEventListener('DOMContentLoaded', ${change})`);
}

async function everythingWorks(page: Page, site: Site, wearer: Wearer): Promise<void> {
  await wearer.register(ada);
  await wearer.callApi();
  await expect(page.getByRole('main')).toContainText(ada.email);
  await wearer.renew();
  await wearer.openAccount(ada);
  await page.getByLabel('Name', { exact: true }).fill('Augusta King');
  await page.getByRole('button', { name: 'Change the name' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your name is changed' })).toBeVisible();
  await wearer.openDevices();
  await wearer.open('/');
  await expect(page.getByRole('region', { name: 'Your badge' })).toContainText('Augusta King');
  await wearer.signOut();
  await wearer.expectSignedOut();
  await wearer.openForm('/sign-in');
  await wearer.submitSignIn({ ...ada, password: 'not this one' });
  await expect(page.getByRole('alert').filter({ hasText: /wrong/i })).toBeVisible();
  await wearer.submitSignIn(ada);
  await wearer.expectSignedIn({ ...ada, name: 'Augusta King' });
  const plain = site.proxy.seen('/auth/login').filter(({ sent }) => sent.accept?.includes('text/html'));
  expect(plain, 'each was sent by the WASM').toEqual([]);
}

for (const [what, change] of Object.entries(changes)) {
  test(`a document with ${what} comes to life`, async ({ page, site, wearer }) => {
    await changed(page, change);
    await everythingWorks(page, site, wearer);
  });
}

test('a document whose nodes were exchanged is drawn anew, and keeps what was typed', async ({ page, site, wearer, problems }) => {
  // As many nodes of each kind as before, so that only hydration itself can find out.
  await page.addInitScript(() => addEventListener('DOMContentLoaded', () => {
    const field = document.querySelector<HTMLInputElement>('input[name=email]');
    field?.closest('.field')?.append(field.closest('.field')?.querySelector('label') ?? '');
    for (const link of document.querySelectorAll('header nav')) link.prepend(link.lastChild ?? '');
    if (field) field.value = 'typed@before.test';
    field?.focus();
  }));
  await wearer.openForm('/sign-in');
  await expect(page.getByLabel('Email', { exact: true })).toHaveValue('typed@before.test');
  await expect(page.getByLabel('Email', { exact: true })).toBeFocused();
  await everythingWorks(page, site, wearer);
  const panics = problems.splice(0, Infinity);
  expect(panics.join('\n'), 'hydration did fail').toMatch(/panicked/);
});

test('an untouched document is taken over, node by node', async ({ page, wearer, site }) => {
  await wearer.register(ada);
  for (const path of ['/', '/dashboard', '/devices', '/account', '/sign-in', '/register', '/nowhere']) {
    const rule = site.proxy.trouble('/pkg/lanyard_bg.wasm', { kind: 'hold' });
    await page.goto(site.url + path, { waitUntil: 'commit' });
    const heading = await page.waitForSelector('h1');
    rule.end();
    await expect(page.getByRole('banner').getByRole('link', { name: ada.name })).toBeVisible();
    expect(await heading.evaluate((it) => it.isConnected), path).toBe(true);
  }
});
