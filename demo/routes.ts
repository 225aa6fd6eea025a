/** Every address of the demo. */
import { get, post, route } from '@remix-run/fetch-router/routes'

export const routes = route({
  /** The pages that use the session. */
  shop: {
    home: get('/'),
    signIn: post('/sign-in'),
    signOut: post('/sign-out'),
    add: post('/cart/:product/add'),
    remove: post('/cart/:product/remove'),
  },
  /** Fires requests that overlap, by what becomes of them in the session. */
  fire: {
    merge: post('/fire/merge'),
    overwrite: post('/fire/overwrite'),
  },
  /** One of these requests. */
  box: {
    merge: post('/fire/merge/:volley/:box'),
    overwrite: post('/fire/overwrite/:volley/:box'),
  },
  /** What Redis holds for the visitor, looked at without touching the session. */
  stored: get('/stored'),
  stylesheet: get('/style.css'),
  icon: get('/icon.svg'),
})
