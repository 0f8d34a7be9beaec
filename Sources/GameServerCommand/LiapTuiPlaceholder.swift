enum LiapTui {}
