print("gameserver")
