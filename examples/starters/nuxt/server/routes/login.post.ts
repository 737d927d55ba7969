export default defineEventHandler(async (event) => {
  const session = await getUserSession(event)
  const { name } = await readBody<{ name: string }>(event)
  session.login(name)
  session.flash('notice', 'Welcome back.')
  return sendRedirect(event, '/account', 303)
})
