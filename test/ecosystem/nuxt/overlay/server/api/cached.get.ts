export default defineCachedEventHandler(async (event) => (await getUserSession(event)).toObject())
