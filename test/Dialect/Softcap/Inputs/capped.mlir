func.func @capped(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = outside.softcap %x {cap = 30.0 : f32} : tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
