export default defineEventHandler(async (event) => {
  const { userId } = await requireUserSession(event)
  return { user: userId satisfies string | undefined }
})
